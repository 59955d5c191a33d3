import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromBase64url, toBase64url } from './base64.ts'
import { formatEnvelope, parseEnvelope, sealedKeyId, type Envelope } from './format.ts'

const bytes = (length: number, max = length) =>
  fc.uint8Array({ minLength: length, maxLength: max }).map((view) => Buffer.from(view))
const kid = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,31}$/)
const envelope: fc.Arbitrary<Envelope> = fc.oneof(
  fc.record({ format: fc.constant('cw1c'), kid, head: bytes(32), body: bytes(16, 80) }),
  fc.record({ format: fc.constantFrom('cw1d', 'cw1k'), kid, head: bytes(48), body: bytes(16, 80) }),
  fc.record({
    format: fc.constant('cw1e'),
    kid: fc.constant(''),
    head: bytes(48),
    body: bytes(16, 80),
  }),
)

describe('the text of an envelope', () => {
  it('gives its parts back', () => {
    fc.assert(
      fc.property(envelope, (parts) => {
        expect(parseEnvelope(formatEnvelope(parts))).toEqual(parts)
      }),
    )
  })

  it('is the only text of its parts: what parses re-encodes to itself', () => {
    const near = envelope.chain((parts) => {
      const text = formatEnvelope(parts)
      return fc
        .tuple(fc.nat(text.length), fc.nat(2), fc.string({ maxLength: 2 }))
        .map(([at, drop, insert]) => text.slice(0, at) + insert + text.slice(at + drop))
    })
    fc.assert(
      fc.property(fc.oneof(near, fc.string()), (text) => {
        const parts = parseEnvelope(text)
        if (parts !== null) expect(formatEnvelope(parts)).toBe(text)
      }),
      { numRuns: 2000 },
    )
  })

  const head = toBase64url(Buffer.alloc(48))
  const body = toBase64url(Buffer.alloc(16))

  it.each([
    ['nothing', ''],
    ['an unknown version', `cw2d.k1.${head}.${body}`],
    ['a name that every object has', `toString.k1.${head}.${body}`],
    ['no key id', `cw1d..${head}.${body}`],
    ['a key id in capitals', `cw1d.K1.${head}.${body}`],
    ['a key id where none belongs', `cw1e.k1.${head}.${body}`],
    ['a missing field', `cw1d.k1.${head}`],
    ['a field too many', `cw1d.k1.${head}.${body}.${body}`],
    ['a short head', `cw1d.k1.${head.slice(4)}.${body}`],
    ['a long head', `cw1d.k1.${head}AAAA.${body}`],
    ['the head of another format', `cw1c.k1.${head}.${body}`],
    ['no room for a tag', `cw1d.k1.${head}.${toBase64url(Buffer.alloc(15))}`],
    ['padding', `cw1d.k1.${head}.${body}==`],
    ['spare bits that are not zero', `cw1d.k1.${head}.${body.slice(0, -1)}B`],
    ['base64 of the other alphabet', `cw1d.k1.${head}.${body.slice(0, -2)}+A`],
    ['a space', `cw1d.k1.${head}. ${body}`],
    ['a line end', `cw1d.k1.${head}.${body}\n`],
    ['more than a mebibyte', `cw1d.k1.${head}.${'A'.repeat(1_500_000)}`],
  ])('is none with %s', (_name, text) => {
    expect(parseEnvelope(text)).toBeNull()
    expect(sealedKeyId(text)).toBeNull()
  })

  it('parses when nothing is wrong with it', () => {
    expect(sealedKeyId(`cw1d.k1.${head}.${body}`)).toBe('k1')
    expect(parseEnvelope(`cw1e.${head}.${body}`)?.kid).toBe('')
  })
})

describe('base64url', () => {
  it('has one spelling for each value', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (view) => {
        expect(fromBase64url(toBase64url(view))?.equals(view)).toBe(true)
      }),
    )
    fc.assert(
      fc.property(fc.string(), (text) => {
        const decoded = fromBase64url(text)
        if (decoded !== null) expect(toBase64url(decoded)).toBe(text)
      }),
    )
  })
})
