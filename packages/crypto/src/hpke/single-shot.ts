import { aeadOpen, aeadSeal } from '../aead.ts'
import { CryptoError, unsealFailed } from '../errors.ts'
import { decapsulate, encapsulate } from './kem.ts'
import { aeadParameters, type AeadParameters, type KeySchedule } from './key-schedule.ts'
import type { PrivateHalf, PublicHalf } from './x25519.ts'

export type HpkeMessage = { readonly enc: Buffer; readonly ciphertext: Buffer }

/** Whoever a message is sealed to, with what was agreed with them. */
export type Recipient = PublicHalf & { readonly schedule: KeySchedule }
export type Opener = PrivateHalf & { readonly schedule: KeySchedule }

/**
 * SealPSK (RFC 9180 section 6.1) for one message. The ephemeral key pair must be fresh for every
 * call: the key schedule gives the same key and nonce again otherwise.
 */
export function hpkeSeal(
  ephemeral: PrivateHalf,
  recipient: Recipient,
  associatedData: Uint8Array,
  plaintext: Uint8Array,
): HpkeMessage {
  const encapsulated = encapsulate(ephemeral, recipient)
  if (encapsulated === null) {
    throw new CryptoError('invalid_key', 'The public key of the ring is unusable')
  }
  const { key, baseNonce } = aeadParameters(recipient.schedule, encapsulated.sharedSecret)
  return { enc: encapsulated.enc, ciphertext: aeadSeal(key, baseNonce, associatedData, plaintext) }
}

/** OpenPSK (RFC 9180 section 6.1) for one message. Throws `unseal_failed`. */
export function hpkeOpen(
  opener: Opener,
  associatedData: Uint8Array,
  { enc, ciphertext }: HpkeMessage,
): Buffer {
  const { key, baseNonce } = messageKey(opener, enc)
  return aeadOpen(key, baseNonce, associatedData, ciphertext)
}

/** SetupPSKR: what opens the one message that came with `enc`. Throws `unseal_failed`. */
export function messageKey(opener: Opener, enc: Uint8Array): AeadParameters {
  const sharedSecret = decapsulate(enc, opener)
  if (sharedSecret === null) throw unsealFailed()
  return aeadParameters(opener.schedule, sharedSecret)
}
