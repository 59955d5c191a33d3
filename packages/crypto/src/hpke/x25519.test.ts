import { x25519 } from '@noble/curves/ed25519.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decapsulate, encapsulate } from './kem.ts'
import {
  ephemeralPair,
  keyPairOf,
  privateBytesOf,
  publicHalfOf,
  publicKeyOf,
  sharedSecretOf,
} from './x25519.ts'

const hex = (text: string) => Buffer.from(text, 'hex')
const multiply = (scalar: Uint8Array, point: Uint8Array) =>
  sharedSecretOf(keyPairOf(scalar).privateKey, publicKeyOf(point))

describe('X25519', () => {
  it.each([
    [
      'a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4',
      'e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c',
      'c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552',
    ],
    [
      '4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d',
      'e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493',
      '95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957',
    ],
  ])('multiplies as RFC 7748 section 5.2 does: %s', (scalar, point, product) => {
    expect(multiply(hex(scalar), hex(point))?.toString('hex')).toBe(product)
  })

  it('still does after a thousand rounds that feed on each other', () => {
    let scalar: Buffer = Buffer.alloc(32).fill(9, 0, 1)
    let point = scalar
    for (let round = 1; round <= 1000; round += 1) {
      const product = multiply(scalar, point) ?? Buffer.alloc(0)
      ;[scalar, point] = [product, scalar]
      if (round === 1) {
        expect(scalar.toString('hex')).toBe(
          '422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079',
        )
      }
    }
    expect(scalar.toString('hex')).toBe(
      '684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51',
    )
  })

  it('agrees with another implementation, also on points outside the field and on the twist', () => {
    const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 })
    fc.assert(
      fc.property(bytes, bytes, (scalar, point) => {
        const theirs = Buffer.from(x25519.getSharedSecret(scalar, point))
        expect(multiply(scalar, point)).toEqual(theirs)
        const pair = keyPairOf(scalar)
        expect(pair.publicBytes.equals(x25519.getPublicKey(scalar))).toBe(true)
        expect(privateBytesOf(pair.privateKey).equals(scalar)).toBe(true)
      }),
    )
  })

  it('makes a new pair each time, whose halves belong together', () => {
    const [one, two] = [ephemeralPair(), ephemeralPair()]
    expect(one.publicBytes.equals(two.publicBytes)).toBe(false)
    expect(keyPairOf(privateBytesOf(one.privateKey)).publicBytes).toEqual(one.publicBytes)
  })
})

/** The points whose order divides 8, and their other spellings: above the prime, and with the unused bit. */
const lowOrder = [
  '00'.repeat(32),
  `01${'00'.repeat(31)}`,
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  `ec${'ff'.repeat(30)}7f`,
  `ed${'ff'.repeat(30)}7f`,
  `ee${'ff'.repeat(30)}7f`,
].flatMap((text) => {
  const spelledAnew = hex(text)
  spelledAnew.writeUInt8(spelledAnew.readUInt8(31) | 0x80, 31)
  return [hex(text), spelledAnew]
})

describe('a point of low order', () => {
  it.each(lowOrder.map((point) => [point.toString('hex'), point] as const))(
    'is refused in both directions: %s',
    (_text, point) => {
      const pair = ephemeralPair()
      expect(sharedSecretOf(pair.privateKey, publicKeyOf(point))).toBeNull()
      expect(encapsulate(pair, publicHalfOf(point))).toBeNull()
      expect(decapsulate(point, pair)).toBeNull()
    },
  )
})
