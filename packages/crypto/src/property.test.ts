import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { associatedData } from './context.ts'
import { openContent, sealContent } from './content.ts'
import { openCredential, sealCredential } from './credential.ts'
import { createDataKey, openWithDataKey, sealWithDataKey } from './data-key.ts'
import { outcomeOf, UNSEAL_FAILED } from './testing/outcome.ts'
import { anyContext, ringsOf, wellFormedText } from './testing/samples.ts'

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

  it('give one error for any text that was not sealed', () => {
    fc.assert(
      fc.property(anyContext, fc.string({ unit: 'binary' }), (context, text) => {
        expect(outcomeOf(() => way.open(context, text))).toEqual(UNSEAL_FAILED)
      }),
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
