import type { KeyObject } from 'node:crypto'
import { aeadOpen, aeadSeal } from '../aead.ts'
import { CryptoError, unsealFailed } from '../errors.ts'
import { decapsulate, encapsulate } from './kem.ts'
import { keySchedule, type PreSharedKey } from './key-schedule.ts'
import type { KeyPair } from './x25519.ts'

export type Bound = PreSharedKey & {
  readonly info: Uint8Array
  readonly associatedData: Uint8Array
}
export type HpkeMessage = { readonly enc: Buffer; readonly ciphertext: Buffer }

/**
 * SealPSK (RFC 9180 section 6.1) for one message. The ephemeral key pair must be fresh for every
 * call: the key schedule gives the same key and nonce again otherwise.
 */
export function hpkeSeal(
  ephemeral: KeyPair,
  recipient: KeyObject,
  bound: Bound,
  plaintext: Uint8Array,
): HpkeMessage {
  const encapsulated = encapsulate(ephemeral, recipient)
  if (encapsulated === null) {
    throw new CryptoError('invalid_key', 'The public key of the ring is unusable')
  }
  const { key, baseNonce } = keySchedule(encapsulated.sharedSecret, bound.info, bound)
  return {
    enc: encapsulated.enc,
    ciphertext: aeadSeal(key, baseNonce, bound.associatedData, plaintext),
  }
}

/** OpenPSK (RFC 9180 section 6.1) for one message. */
export function hpkeOpen(recipient: KeyPair, bound: Bound, message: HpkeMessage): Buffer {
  const sharedSecret = decapsulate(message.enc, recipient)
  if (sharedSecret === null) throw unsealFailed()
  const { key, baseNonce } = keySchedule(sharedSecret, bound.info, bound)
  return aeadOpen(key, baseNonce, bound.associatedData, message.ciphertext)
}
