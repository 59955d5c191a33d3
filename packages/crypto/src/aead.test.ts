import { createCipheriv, createSecretKey } from 'node:crypto'
import { gcm } from '@noble/ciphers/aes.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { aeadOpen, aeadSeal } from './aead.ts'
import { outcomeOf, UNSEAL_FAILED } from './testing/outcome.ts'

const hex = (text: string) => Buffer.from(text, 'hex')

const longKey = 'feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308'
const longText =
  'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72' +
  '1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255'
const longSealed =
  '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa' +
  '8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad'

/** Cases 13 to 16 of the submission of GCM to NIST: those with a key of 256 bits and a nonce of 96. */
const published = [
  { key: '00'.repeat(32), nonce: '00'.repeat(12), aad: '', text: '', sealed: '' },
  {
    key: '00'.repeat(32),
    nonce: '00'.repeat(12),
    aad: '',
    text: '00'.repeat(16),
    sealed: 'cea7403d4d606b6e074ec5d3baf39d18',
  },
  { key: longKey, nonce: 'cafebabefacedbaddecaf888', aad: '', text: longText, sealed: longSealed },
  {
    key: longKey,
    nonce: 'cafebabefacedbaddecaf888',
    aad: 'feedfacedeadbeeffeedfacedeadbeefabaddad2',
    text: longText.slice(0, 120),
    sealed: longSealed.slice(0, 120),
  },
]
const tags = [
  '530f8afbc74536b9a963b4f1c4cb738b',
  'd0d1c8a799996bf0265b98b5d48ab919',
  'b094dac5d93471bdec1a502270e3cc6c',
  '76fc6ece0f4e1768cddf8853bb2d551b',
]

describe('AES-256-GCM', () => {
  it.each(published.map((one, index) => ({ ...one, tag: tags[index] ?? '' })))(
    'gives the published $tag and opens it',
    ({ key, nonce, aad, text, sealed, tag }) => {
      const secret = createSecretKey(hex(key))
      const given = aeadSeal(secret, hex(nonce), hex(aad), hex(text))
      expect(given.toString('hex')).toBe(sealed + tag)
      expect(aeadOpen(secret, hex(nonce), hex(aad), given).toString('hex')).toBe(text)
    },
  )

  it('gives and takes what another implementation does', () => {
    const bytes = (length: number, max = length) =>
      fc.uint8Array({ minLength: length, maxLength: max })
    fc.assert(
      fc.property(bytes(32), bytes(12), bytes(0, 80), bytes(0, 80), (key, nonce, aad, text) => {
        const secret = createSecretKey(key)
        const theirs = gcm(key, nonce, aad).encrypt(text)
        expect(aeadSeal(secret, nonce, aad, text).equals(theirs)).toBe(true)
        expect(aeadOpen(secret, nonce, aad, theirs).equals(text)).toBe(true)
      }),
    )
  })
})

const key = Buffer.alloc(32, 1)
const nonce = Buffer.alloc(12, 2)
const aad = Buffer.from('associated')
const text = Buffer.from('plaintext of more than one block')
const sealed = aeadSeal(createSecretKey(key), nonce, aad, text)

type Parts = { key: Buffer; nonce: Buffer; aad: Buffer; sealed: Buffer }
const parts: Parts = { key, nonce, aad, sealed }
const opened = (changed: Partial<Parts>) => {
  const all = { ...parts, ...changed }
  return outcomeOf(() => aeadOpen(createSecretKey(all.key), all.nonce, all.aad, all.sealed))
}

describe('what GCM must refuse', () => {
  it('opens unchanged', () => {
    expect(opened({})).toEqual({ result: text })
  })

  it.each(Object.keys(parts) as (keyof Parts)[])('any bit flipped in the %s', (part) => {
    const bits = parts[part].length * 8
    for (let bit = 0; bit < bits; bit += 1) {
      const flipped = Buffer.from(parts[part])
      flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
      expect(opened({ [part]: flipped }), `bit ${bit}`).toEqual(UNSEAL_FAILED)
    }
  })

  it('a tag that is constant, inverted or changed in every byte alike', () => {
    const [body, tag] = [sealed.subarray(0, -16), sealed.subarray(-16)]
    const masked = (mask: number) => Buffer.from(tag.map((byte) => byte ^ mask))
    const forged = [Buffer.alloc(16), Buffer.alloc(16, 255), ...[0xff, 0x80, 0x01].map(masked)]
    for (const other of forged) {
      expect(opened({ sealed: Buffer.concat([body, other]) })).toEqual(UNSEAL_FAILED)
    }
  })

  it('anything cut off or added, at either end', () => {
    for (let cut = 1; cut <= sealed.length; cut += 1) {
      expect(opened({ sealed: sealed.subarray(0, -cut) })).toEqual(UNSEAL_FAILED)
      expect(opened({ sealed: sealed.subarray(cut) })).toEqual(UNSEAL_FAILED)
    }
    expect(opened({ sealed: Buffer.concat([sealed, Buffer.alloc(1)]) })).toEqual(UNSEAL_FAILED)
    expect(opened({ sealed: Buffer.concat([Buffer.alloc(1), sealed]) })).toEqual(UNSEAL_FAILED)
  })

  it.each([4, 8, 12, 13, 14, 15])('a tag of %d bytes, though it is right', (authTagLength) => {
    for (const plaintext of [Buffer.alloc(0), text]) {
      const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength })
      cipher.setAAD(aad)
      const body = Buffer.concat([cipher.update(plaintext), cipher.final()])
      const short = Buffer.concat([body, cipher.getAuthTag()])
      expect(opened({ sealed: short })).toEqual(UNSEAL_FAILED)
    }
  })

  it.each([0, 1, 8, 11, 13, 16, 32])('a nonce of %d bytes, in both directions', (length) => {
    const other = Buffer.alloc(length, 2)
    expect(opened({ nonce: other })).toEqual(UNSEAL_FAILED)
    const secret = createSecretKey(key)
    expect(outcomeOf(() => aeadSeal(secret, other, aad, text))).toMatchObject({
      code: 'invalid_input',
    })
    if (length === 0) return
    const cipher = createCipheriv('aes-256-gcm', key, other)
    cipher.setAAD(aad)
    const body = Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()])
    expect(opened({ nonce: other, sealed: body })).toEqual(UNSEAL_FAILED)
  })
})
