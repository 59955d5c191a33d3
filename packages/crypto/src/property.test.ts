import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { associatedData } from './context.ts'
import { openContent, sealContent } from './content.ts'
import { openCredential, sealCredential } from './credential.ts'
import { createDataKey, openDataKey, openWithDataKey, sealWithDataKey } from './data-key.ts'
import { createStreamKey, openBlock, sealBlock } from './stream-key.ts'
import { outcomeOf, UNSEAL_FAILED } from './testing/outcome.ts'
import { anyContext, nearContexts, part, ringsOf, wellFormedText } from './testing/samples.ts'

const { seal, open, content } = ringsOf(1)
const { dataKey } = createDataKey(content, { tenantId: 'ten_1', callId: 'cal_1' })

/** Each way to seal a text, with its way to open it. */
const ways = [
  {
    name: 'credentials',
    seal: (c: Parameters<typeof sealCredential>[1], t: string) => sealCredential(seal, c, t),
    open: (c: Parameters<typeof sealCredential>[1], s: string) => openCredential(open, c, s),
  },
  {
    name: 'content',
    seal: (c: Parameters<typeof sealContent>[1], t: string) => sealContent(content, c, t),
    open: (c: Parameters<typeof sealContent>[1], s: string) =>
      openContent(content, c, s).toString(),
  },
  {
    name: 'words of a call',
    seal: (c: Parameters<typeof sealContent>[1], t: string) => sealWithDataKey(dataKey, c, t),
    open: (c: Parameters<typeof sealContent>[1], s: string) =>
      openWithDataKey(dataKey, c, s).toString(),
  },
]

describe.each(ways)('$name', (way) => {
  it('open to what was sealed', () => {
    fc.assert(
      fc.property(anyContext, wellFormedText, (context, text) => {
        expect(way.open(context, way.seal(context, text))).toBe(text)
      }),
    )
  })

  it('open under no other context', () => {
    fc.assert(
      fc.property(anyContext, anyContext, wellFormedText, (context, other, text) => {
        fc.pre(JSON.stringify(sorted(context)) !== JSON.stringify(sorted(other)))
        const sealed = way.seal(context, text)
        expect(outcomeOf(() => way.open(other, sealed))).toEqual(UNSEAL_FAILED)
      }),
    )
  })

  it('open under no context with a single part a little different', () => {
    fc.assert(
      fc.property(nearContexts, wellFormedText, ([context, other], text) => {
        const sealed = way.seal(context, text)
        expect(way.open(context, sealed)).toBe(text)
        expect(outcomeOf(() => way.open(other, sealed))).toEqual(UNSEAL_FAILED)
      }),
    )
  })

  it('open with no character changed, wherever and to whatever', () => {
    const place = fc.nat({ max: 10_000 })
    const instead = fc.string({ unit: 'binary', maxLength: 3 })
    fc.assert(
      fc.property(
        anyContext,
        wellFormedText,
        place,
        fc.nat(3),
        instead,
        (c, text, at, drop, add) => {
          const sealed = way.seal(c, text)
          const start = at % (sealed.length + 1)
          const changed = sealed.slice(0, start) + add + sealed.slice(start + drop)
          fc.pre(changed !== sealed)
          expect(outcomeOf(() => way.open(c, changed))).toEqual(UNSEAL_FAILED)
        },
      ),
    )
  })

  it('give one error for any text that was not sealed', () => {
    fc.assert(
      fc.property(anyContext, fc.string({ unit: 'binary' }), (context, text) => {
        expect(outcomeOf(() => way.open(context, text))).toEqual(UNSEAL_FAILED)
      }),
    )
  })
})

describe('a data key and its blocks', () => {
  const bytes = fc.uint8Array({ maxLength: 200 })
  const salt = fc.uint8Array({ minLength: 16, maxLength: 16 })
  const index = fc.nat({ max: 0xffff_ffff })

  it('survive wrapping for their call and no other', () => {
    fc.assert(
      fc.property(
        part,
        part,
        part,
        salt,
        index,
        bytes,
        bytes,
        (tenantId, callId, streamId, ...b) => {
          const [streamSalt, place, header, pcm] = b
          const call = { tenantId, callId }
          const made = createDataKey(content, call)
          const stream = { streamId, salt: streamSalt }
          const at = { index: place, header }
          const block = sealBlock(createStreamKey(made.dataKey, stream), at, pcm)
          const reader = createStreamKey(openDataKey(content, call, made.wrapped), stream)
          expect(openBlock(reader, at, block).equals(pcm)).toBe(true)
          const elsewhere = { tenantId, callId: `${callId}x` }
          expect(outcomeOf(() => openDataKey(content, elsewhere, made.wrapped))).toEqual(
            UNSEAL_FAILED,
          )
          const other = { index: place ^ 1, header }
          expect(outcomeOf(() => openBlock(reader, other, block))).toEqual(UNSEAL_FAILED)
        },
      ),
    )
  })
})

describe('the associated data', () => {
  it('differs whenever format, key id or context differ', () => {
    const place = fc.tuple(fc.constantFrom('cw1c', 'cw1d'), fc.constantFrom('a', 'b'), anyContext)
    fc.assert(
      fc.property(place, place, (a, b) => {
        const [one, two] = [a, b].map((p) => associatedData(...p).toString('hex'))
        const [left, right] = [a, b].map(([f, k, c]) => JSON.stringify([f, k, sorted(c)]))
        expect(one === two).toBe(left === right)
      }),
      { numRuns: 1000 },
    )
  })
})

function sorted(context: object): unknown[] {
  return Object.entries(context).sort(([a], [b]) => (a < b ? -1 : 1))
}
