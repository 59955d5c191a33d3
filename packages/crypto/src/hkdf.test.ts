import { createSecretKey } from 'node:crypto'
import { hkdf as otherHkdf } from '@noble/hashes/hkdf.js'
import { hmac as otherHmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hkdf, hkdfKey, hmacSha256 } from './hkdf.ts'
import { outcomeOf } from './testing/outcome.ts'

const hex = (text: string) => Buffer.from(text, 'hex')
/** Bytes that count up. */
const from = (first: number, count: number) =>
  Buffer.from(Array.from({ length: count }, (_, index) => first + index))
const NONE = Buffer.alloc(0)
const bytes = (options: fc.IntArrayConstraints) => fc.uint8Array({ maxLength: 200, ...options })

describe('HKDF-SHA256', () => {
  it.each([
    {
      appendix: 'A.1',
      input: Buffer.alloc(22, 0x0b),
      salt: from(0, 13),
      info: from(0xf0, 10),
      output:
        '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
    },
    {
      appendix: 'A.2',
      input: from(0, 80),
      salt: from(0x60, 80),
      info: from(0xb0, 80),
      output:
        'b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09' +
        'da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87',
    },
    {
      appendix: 'A.3',
      input: Buffer.alloc(22, 0x0b),
      salt: NONE,
      info: NONE,
      output:
        '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
    },
  ])('gives the output of RFC 5869, $appendix', ({ input, salt, info, output }) => {
    const given = hkdf(createSecretKey(input), salt, info, output.length / 2)
    expect(given.toString('hex')).toBe(output)
  })

  it('gives what another implementation gives', () => {
    const length = fc.integer({ min: 1, max: 200 })
    fc.assert(
      fc.property(bytes({}), bytes({}), bytes({}), length, (input, salt, info, size) => {
        const key = createSecretKey(input)
        const given = hkdf(key, salt, info, size)
        expect(given.equals(otherHkdf(sha256, input, salt, info, size))).toBe(true)
        expect(
          hkdfKey(key, salt, info)
            .export()
            .equals(hkdf(key, salt, info, 32)),
        ).toBe(true)
      }),
    )
  })

  it('gives at most 255 blocks, and takes an info of at most 1024 bytes', () => {
    const key = createSecretKey(Buffer.alloc(32))
    expect(hkdf(key, NONE, NONE, 255 * 32)).toHaveLength(255 * 32)
    expect(() => hkdf(key, NONE, NONE, 255 * 32 + 1)).toThrow()
    expect(hkdf(key, NONE, Buffer.alloc(1024), 32)).toHaveLength(32)
    expect(outcomeOf(() => hkdf(key, NONE, Buffer.alloc(1025), 32))).toMatchObject({
      code: 'invalid_input',
    })
  })

  it('gives one output for salts that HMAC pads to one key: the callers fix the length', () => {
    const key = createSecretKey(Buffer.alloc(32, 1))
    const salt = Buffer.alloc(16, 2)
    const padded = Buffer.concat([salt, Buffer.alloc(1)])
    expect(hkdf(key, salt, NONE, 32).equals(hkdf(key, padded, NONE, 32))).toBe(true)
  })
})

describe('HMAC-SHA256', () => {
  it.each([
    {
      test: 1,
      key: Buffer.alloc(20, 0x0b),
      message: Buffer.from('Hi There'),
      output: 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
    },
    {
      test: 2,
      key: Buffer.from('Jefe'),
      message: Buffer.from('what do ya want for nothing?'),
      output: '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    },
    {
      test: 3,
      key: Buffer.alloc(20, 0xaa),
      message: Buffer.alloc(50, 0xdd),
      output: '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe',
    },
    {
      test: 4,
      key: from(1, 25),
      message: Buffer.alloc(50, 0xcd),
      output: '82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b',
    },
    {
      test: 6,
      key: Buffer.alloc(131, 0xaa),
      message: Buffer.from('Test Using Larger Than Block-Size Key - Hash Key First'),
      output: '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
    },
  ])('gives the output of RFC 4231, test $test', ({ key, message, output }) => {
    expect(hmacSha256(createSecretKey(key), message)).toEqual(hex(output))
  })

  it('gives what another implementation gives', () => {
    fc.assert(
      fc.property(bytes({}), bytes({}), (key, message) => {
        const given = hmacSha256(createSecretKey(key), message)
        expect(given.equals(otherHmac(sha256, key, message))).toBe(true)
      }),
    )
  })
})
