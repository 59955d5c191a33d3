import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openContent, resealContent, sealContent } from '../content.ts'
import { openCredential, resealCredential, sealCredential } from '../credential.ts'
import { createDataKey, openDataKey, rewrapDataKey } from '../data-key.ts'
import { sealedKeyId } from '../format.ts'
import { macToken, verifyMacToken } from '../mac.ts'
import { outcomeOf, UNSEAL_FAILED } from '../testing/outcome.ts'
import { context, ringsOf } from '../testing/samples.ts'
import { deriveServiceKeys } from './derive-service-keys.ts'
import { describeRing, rearrangeRing } from './live-rings.ts'
import { parseMasterRing } from './secret-rings.ts'

const call = { tenantId: 'ten_1', callId: 'cal_1' }
const IDS = ['k1', 'k2', 'k3', 'k4', 'k5']
const all = deriveServiceKeys(
  parseMasterRing(
    IDS.map((kid, index) => `${kid}:${Buffer.alloc(32, index + 1).toString('base64')}`).join(','),
  ),
)

/** What an operator leaves: some of the keys in the file in some order, some retired, one promoted. */
type State = { inFile: string[]; retired: string[]; promoted: string | null }

const state: fc.Arbitrary<State> = fc.record({
  inFile: fc.shuffledSubarray(IDS, { minLength: 1 }),
  retired: fc.subarray(IDS, { maxLength: 2 }),
  promoted: fc.option(fc.constantFrom(...IDS), { freq: 3 }),
})

const textOf = (ring: string, ids: readonly string[]) =>
  ids.map((kid) => ring.split(',').find((entry) => entry.startsWith(`${kid}:`))).join(',')

const held = ({ inFile, retired }: State) => inFile.filter((kid) => !retired.includes(kid))
const isPossible = (one: State) =>
  held(one).length > 0 && (one.promoted === null || held(one).includes(one.promoted))

/** Rings of one life, and everything that was sealed in it. */
function life() {
  const rings = ringsOf(1)
  const { seal, open, content, mac } = rings
  const named = [
    [seal, all.CREDENTIAL_SEAL_KEYS],
    [open, all.CREDENTIAL_OPEN_KEYS],
    [content, all.CONTENT_KEYS],
    [mac, all.CALLBACK_KEYS],
  ] as const
  return {
    ...rings,
    rings: named.map(([ring]) => ring),
    rearrange: ({ inFile, retired, promoted }: State) => {
      for (const [ring, text] of named) {
        rearrangeRing(ring, textOf(text, inFile), { primary: promoted, retired })
      }
    },
  }
}

/** One of everything that names or needs a key, with the ways to open it and to seal it anew. */
function sealAll({ seal, open, content }: ReturnType<typeof life>, text: string) {
  return [
    {
      sealed: sealCredential(seal, context, text),
      open: (sealed: string) => openCredential(open, context, sealed),
      reseal: (sealed: string) => resealCredential(open, context, sealed),
    },
    {
      sealed: sealContent(content, context, text),
      open: (sealed: string) => openContent(content, context, sealed).toString(),
      reseal: (sealed: string) => resealContent(content, context, sealed),
    },
    {
      sealed: createDataKey(content, call).wrapped,
      open: (sealed: string) => (openDataKey(content, call, sealed), text),
      reseal: (sealed: string) => rewrapDataKey(content, call, sealed),
    },
  ]
}

describe('rings that are rearranged at random', () => {
  it('open what a held key sealed, refuse all else, and seal anew to the primary', () => {
    fc.assert(
      fc.property(fc.array(state, { minLength: 1, maxLength: 6 }), fc.string(), (states, text) => {
        const now = life()
        const store = sealAll(now, text)
        const tokens = [{ kid: 'k1', token: macToken(now.mac, 'callback', text) }]
        for (const one of states) {
          if (!isPossible(one)) {
            const before = now.rings.map(describeRing)
            expect(outcomeOf(() => now.rearrange(one))).toMatchObject({ code: 'invalid_key' })
            expect(now.rings.map(describeRing)).toEqual(before)
            continue
          }
          now.rearrange(one)
          const ids = held(one)
          const primary = one.promoted ?? ids[0] ?? ''
          for (const value of store) {
            if (ids.includes(sealedKeyId(value.sealed) ?? '')) {
              expect(value.open(value.sealed)).toBe(text)
              const anew = value.reseal(value.sealed)
              expect(sealedKeyId(anew)).toBe(primary)
              expect(anew).not.toBe(value.sealed)
              expect(value.open(anew)).toBe(text)
              value.sealed = anew
            } else {
              expect(outcomeOf(() => value.open(value.sealed))).toEqual(UNSEAL_FAILED)
              expect(outcomeOf(() => value.reseal(value.sealed))).toEqual(UNSEAL_FAILED)
            }
          }
          for (const { kid, token } of tokens) {
            expect(verifyMacToken(now.mac, 'callback', text, token)).toBe(ids.includes(kid))
          }
          tokens.push({ kid: primary, token: macToken(now.mac, 'callback', text) })
          store.push(...sealAll(now, text))
        }
      }),
      { numRuns: 60 },
    )
  })

  it('hold the keys of the file that are not retired, the primary first', () => {
    fc.assert(
      fc.property(state.filter(isPossible), (one) => {
        const now = life()
        now.rearrange(one)
        const [first] = one.promoted === null ? held(one) : [one.promoted]
        const ids = [first, ...held(one).filter((kid) => kid !== first)]
        for (const ring of now.rings) {
          const { primary, keys } = describeRing(ring)
          expect([primary, ...keys.map(({ kid }) => kid)]).toEqual([first, ...ids])
        }
      }),
    )
  })
})
