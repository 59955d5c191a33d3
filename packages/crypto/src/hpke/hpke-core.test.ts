import { randomBytes } from 'node:crypto'
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { deriveKeyPair } from './kem.ts'
import { keySchedule } from './key-schedule.ts'
import { hpkeOpen, hpkeSeal } from './single-shot.ts'
import '../testing/web-crypto.ts'
import { ephemeralPair, keyPairOf, privateBytesOf } from './x25519.ts'

const suite = new CipherSuite({
  kem: new DhkemX25519HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Aes256Gcm(),
})

const bytes = (options: fc.IntArrayConstraints = {}) =>
  fc.uint8Array({ maxLength: 200, ...options })
const message = fc.record({
  psk: bytes({ minLength: 32, maxLength: 32 }),
  pskId: bytes({ minLength: 1 }),
  info: bytes(),
  associatedData: bytes(),
  plaintext: bytes(),
})
const RUNS = { numRuns: 25 }

/** A buffer of its own: the library takes whole array buffers, not views. */
const own = (view: Uint8Array) => new Uint8Array(view).buffer

describe('against another implementation of HPKE', () => {
  it('opens what the other sealed', async () => {
    await fc.assert(
      fc.asyncProperty(message, async ({ psk, pskId, info, associatedData, plaintext }) => {
        const pair = keyPairOf(randomBytes(32))
        const recipientPublicKey = await suite.kem.deserializePublicKey(own(pair.publicBytes))
        const { enc, ct } = await suite.seal(
          { recipientPublicKey, info: own(info), psk: { id: own(pskId), key: own(psk) } },
          own(plaintext),
          own(associatedData),
        )
        const sealed = { enc: Buffer.from(enc), ciphertext: Buffer.from(ct) }
        const opener = { ...pair, schedule: keySchedule({ psk, pskId, info }) }
        const opened = hpkeOpen(opener, associatedData, sealed)
        expect(opened.equals(plaintext)).toBe(true)
      }),
      RUNS,
    )
  })

  it('seals what the other opens', async () => {
    await fc.assert(
      fc.asyncProperty(message, async ({ psk, pskId, info, associatedData, plaintext }) => {
        const pair = keyPairOf(randomBytes(32))
        const ephemeral = ephemeralPair()
        const recipient = { ...pair, schedule: keySchedule({ psk, pskId, info }) }
        const { enc, ciphertext } = hpkeSeal(ephemeral, recipient, associatedData, plaintext)
        const recipientKey = await suite.kem.deserializePrivateKey(
          own(privateBytesOf(pair.privateKey)),
        )
        const opened = await suite.open(
          { recipientKey, enc: own(enc), info: own(info), psk: { id: own(pskId), key: own(psk) } },
          own(ciphertext),
          own(associatedData),
        )
        expect(Buffer.from(opened).equals(plaintext)).toBe(true)
      }),
      RUNS,
    )
  })

  it('derives the same key pair from the same input', async () => {
    const inputKey = randomBytes(32)
    const theirs = await suite.kem.deriveKeyPair(own(inputKey))
    const raw = Buffer.from(await suite.kem.serializePublicKey(theirs.publicKey))
    expect(deriveKeyPair(inputKey).publicBytes.equals(raw)).toBe(true)
  })
})
