import { describe, expect, it } from 'vitest'
import { openContent, sealContent } from './content.ts'
import { openCredential, sealCredential } from './credential.ts'
import { createDataKey, openDataKey, openWithDataKey, sealWithDataKey } from './data-key.ts'
import { macToken, verifyMacToken } from './mac.ts'
import { createStreamKey, openBlock, sealBlock } from './stream-key.ts'
import { outcomeOf, UNSEAL_FAILED } from './testing/outcome.ts'
import { context, ringsOf } from './testing/samples.ts'

const { seal, open, content, mac } = ringsOf(1)
const call = { tenantId: 'ten_1', callId: 'cal_1' }
const { dataKey, wrapped } = createDataKey(content, call)
const text = '9ec3a1d2f6b84b07a9b5c8d7e6f50413abcd'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const WHITE_SPACE = [' ', '\t', '\n', '\r', '\v', '\f', '\u00a0', '\u2028', '\ufeff']
const FOREIGN = ['.', '=', '+', '/', ',', ':', '%', '\0', 'é', 'Ａ', '\ud800']
const LETTERS = [...Array.from(ALPHABET), ...WHITE_SPACE, ...FOREIGN]

const cases: [string, string, (sealed: string) => unknown][] = [
  ['cw1c', sealCredential(seal, context, text), (sealed) => openCredential(open, context, sealed)],
  ['cw1d', sealContent(content, context, text), (sealed) => openContent(content, context, sealed)],
  ['cw1k', wrapped, (sealed) => openDataKey(content, call, sealed)],
  [
    'cw1e',
    sealWithDataKey(dataKey, context, text),
    (sealed) => openWithDataKey(dataKey, context, sealed),
  ],
]

describe.each(cases)('%s', (_format, sealed, openIt) => {
  const opening = (changed: string[]) =>
    changed.filter((one) => {
      if (one === sealed) return false
      const outcome = outcomeOf(() => openIt(one))
      return JSON.stringify(outcome) !== JSON.stringify(UNSEAL_FAILED)
    })
  const places = Array.from({ length: sealed.length + 1 }, (_, place) => place)

  it('opens unchanged', () => {
    expect(outcomeOf(() => openIt(sealed))).toHaveProperty('result')
  })

  it('opens with no character replaced', () => {
    const changed = places.flatMap((at) =>
      LETTERS.map((letter) => sealed.slice(0, at) + letter + sealed.slice(at + 1)),
    )
    expect(opening(changed)).toEqual([])
  })

  it('opens with no character inserted', () => {
    const changed = places.flatMap((at) =>
      LETTERS.map((letter) => sealed.slice(0, at) + letter + sealed.slice(at)),
    )
    expect(opening(changed)).toEqual([])
  })

  it('opens with none removed, none swapped with the next, cut nowhere', () => {
    const changed = places.flatMap((at) => [
      sealed.slice(0, at) + sealed.slice(at + 1),
      sealed.slice(0, at) + sealed.charAt(at + 1) + sealed.charAt(at) + sealed.slice(at + 2),
      sealed.slice(0, at),
      sealed.slice(at),
    ])
    expect(opening(changed)).toEqual([])
  })

  it('opens with no field taken from another value of the same context', () => {
    const [other] = cases
      .filter(([, theirs]) => theirs !== sealed)
      .map(([, theirs]) => theirs.split('.'))
    const fields = sealed.split('.')
    const mixed = fields.map((_, place) =>
      fields.map((field, at) => (at === place ? (other?.at(at) ?? '') : field)).join('.'),
    )
    expect(opening(mixed)).toEqual([])
  })
})

describe('cw1m', () => {
  const message = 'cal_1'
  const token = macToken(mac, 'callback', message)
  const verifying = (changed: string[]) =>
    changed.filter((one) => one !== token && verifyMacToken(mac, 'callback', message, one))

  it('verifies unchanged, and with no character replaced, inserted, removed or swapped', () => {
    expect(verifyMacToken(mac, 'callback', message, token)).toBe(true)
    const changed = Array.from({ length: token.length + 1 }, (_, at) => {
      const [before, here, after] = [token.slice(0, at), token.slice(at), token.slice(at + 1)]
      const replaced = LETTERS.flatMap((letter) => [
        before + letter + after,
        before + letter + here,
      ])
      const swapped = before + after.charAt(0) + here.charAt(0) + after.slice(1)
      return [...replaced, before + after, swapped, before, here]
    })
    expect(verifying(changed.flat())).toEqual([])
  })
})

describe('a block', () => {
  const stream = { streamId: 'str_1', salt: Buffer.alloc(16, 5) }
  const place = { index: 3, header: Buffer.from('header') }
  const key = createStreamKey(dataKey, stream)
  const block = sealBlock(key, place, Buffer.from(text))

  it('opens with no byte replaced by any other, none inserted, none removed', () => {
    const opening: string[] = []
    const tryIt = (name: string, changed: Uint8Array) => {
      const outcome = outcomeOf(() => openBlock(key, place, changed))
      if (JSON.stringify(outcome) !== JSON.stringify(UNSEAL_FAILED)) opening.push(name)
    }
    for (let at = 0; at <= block.length; at += 1) {
      const [before, here, after] = [
        block.subarray(0, at),
        block.subarray(at),
        block.subarray(at + 1),
      ]
      for (let byte = 0; byte < 256; byte += 1) {
        const other = Buffer.of(byte)
        if (byte !== block[at]) tryIt(`${byte} at ${at}`, Buffer.concat([before, other, after]))
        tryIt(`${byte} before ${at}`, Buffer.concat([before, other, here]))
      }
      if (at < block.length) tryIt(`none at ${at}`, Buffer.concat([before, after]))
    }
    expect(opening).toEqual([])
  })
})

it('does not take a salt that HMAC would pad to the same key', () => {
  const sealed = sealContent(content, context, text)
  const [format, kid, head = '', body] = sealed.split('.')
  const bytes = Buffer.from(head, 'base64url')
  const padded = Buffer.concat([bytes.subarray(0, 16), Buffer.alloc(1), bytes.subarray(16)])
  const changed = [format, kid, padded.toString('base64url'), body].join('.')
  expect(outcomeOf(() => openContent(content, context, changed))).toEqual(UNSEAL_FAILED)
})
