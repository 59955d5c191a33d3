import { readFileSync } from 'node:fs'
import { createSecretKey } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { aeadOpen, aeadSeal } from '../aead.ts'
import { decapsulate, deriveKeyPair, encapsulate } from './kem.ts'
import { aeadParameters, keySchedule } from './key-schedule.ts'
import { hpkeOpen, hpkeSeal } from './single-shot.ts'
import { keyPairOf, privateBytesOf, publicHalfOf } from './x25519.ts'

type Vector = Record<
  | 'info'
  | 'ikmR'
  | 'ikmE'
  | 'skRm'
  | 'skEm'
  | 'psk'
  | 'psk_id'
  | 'pkRm'
  | 'pkEm'
  | 'enc'
  | 'shared_secret'
  | 'key'
  | 'base_nonce',
  string
> & { encryptions: { seq: number; aad: string; ct: string; nonce: string; pt: string }[] }

const file = new URL('../../fixtures/rfc9180-psk-x25519-aes256gcm.json', import.meta.url)
const vector = JSON.parse(readFileSync(file, 'utf8')) as Vector
const hex = (text: string) => Buffer.from(text, 'hex')
const schedule = keySchedule({
  psk: hex(vector.psk),
  pskId: hex(vector.psk_id),
  info: hex(vector.info),
})

describe('the vectors of RFC 9180 for this suite in PSK mode', () => {
  it('derives the key pairs', () => {
    const recipient = deriveKeyPair(hex(vector.ikmR))
    expect(privateBytesOf(recipient.privateKey).toString('hex')).toBe(vector.skRm)
    expect(recipient.publicBytes.toString('hex')).toBe(vector.pkRm)
    const ephemeral = deriveKeyPair(hex(vector.ikmE))
    expect(privateBytesOf(ephemeral.privateKey).toString('hex')).toBe(vector.skEm)
    expect(ephemeral.publicBytes.toString('hex')).toBe(vector.pkEm)
  })

  it('encapsulates and decapsulates the shared secret', () => {
    const sent = encapsulate(keyPairOf(hex(vector.skEm)), publicHalfOf(hex(vector.pkRm)))
    expect(sent?.enc.toString('hex')).toBe(vector.enc)
    expect(sent?.sharedSecret.toString('hex')).toBe(vector.shared_secret)
    const received = decapsulate(hex(vector.enc), keyPairOf(hex(vector.skRm)))
    expect(received?.toString('hex')).toBe(vector.shared_secret)
  })

  it('schedules the key and the nonce', () => {
    const { key, baseNonce } = aeadParameters(schedule, hex(vector.shared_secret))
    expect(key.export().toString('hex')).toBe(vector.key)
    expect(baseNonce.toString('hex')).toBe(vector.base_nonce)
  })

  it('seals and opens the first message', () => {
    const first = vector.encryptions.find(({ seq }) => seq === 0)
    if (first === undefined) throw new Error('The fixture has no first message')
    const recipient = { ...keyPairOf(hex(vector.skRm)), schedule }
    const ephemeral = keyPairOf(hex(vector.skEm))
    const sealed = hpkeSeal(ephemeral, recipient, hex(first.aad), hex(first.pt))
    expect(sealed.enc.toString('hex')).toBe(vector.enc)
    expect(sealed.ciphertext.toString('hex')).toBe(first.ct)
    expect(hpkeOpen(recipient, hex(first.aad), sealed).toString('hex')).toBe(first.pt)
  })

  it.each(vector.encryptions)('encrypts message $seq with its nonce', ({ aad, ct, nonce, pt }) => {
    const key = createSecretKey(hex(vector.key))
    expect(aeadSeal(key, hex(nonce), hex(aad), hex(pt)).toString('hex')).toBe(ct)
    expect(aeadOpen(key, hex(nonce), hex(aad), hex(ct)).toString('hex')).toBe(pt)
  })
})
