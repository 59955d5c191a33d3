import { HASH_BYTES } from '../hkdf.ts'
import { expandLabel, extractLabel, labeledDerive } from './labeled.ts'
import {
  keyPairOf,
  publicKeyOf,
  sharedSecretOf,
  X25519_BYTES,
  type KeyPair,
  type PrivateHalf,
  type PublicHalf,
} from './x25519.ts'

/** DHKEM(X25519, HKDF-SHA256), RFC 9180 sections 4.1 and 7.1. */
export const KEM_ID = 0x0020

const SUITE_ID = Buffer.from([0x4b, 0x45, 0x4d, KEM_ID >> 8, KEM_ID & 0xff]) // "KEM" ‖ kem_id
const EMPTY = Buffer.alloc(0)
const PAIR_EXTRACT = extractLabel(SUITE_ID, 'dkp_prk')
const PAIR_EXPAND = expandLabel(SUITE_ID, 'sk', X25519_BYTES)
const SECRET_EXTRACT = extractLabel(SUITE_ID, 'eae_prk')
const SECRET_EXPAND = expandLabel(SUITE_ID, 'shared_secret', HASH_BYTES)

/** DeriveKeyPair for X25519 (RFC 9180 section 7.1.3). `inputKey` has at least 32 bytes of entropy. */
export function deriveKeyPair(inputKey: Uint8Array): KeyPair {
  return keyPairOf(labeledDerive(PAIR_EXTRACT, inputKey, PAIR_EXPAND, EMPTY))
}

export type Encapsulated = { readonly sharedSecret: Buffer; readonly enc: Buffer }

/** Encap with a given ephemeral key pair; null when the recipient's key is of low order. */
export function encapsulate(ephemeral: PrivateHalf, recipient: PublicHalf): Encapsulated | null {
  const enc = ephemeral.publicBytes
  const dh = sharedSecretOf(ephemeral.privateKey, recipient.publicKey)
  if (dh === null) return null
  return { sharedSecret: extractAndExpand(dh, enc, recipient.publicBytes), enc }
}

/** Decap; null when `enc` is of low order. `enc` is 32 bytes. */
export function decapsulate(enc: Uint8Array, recipient: PrivateHalf): Buffer | null {
  const dh = sharedSecretOf(recipient.privateKey, publicKeyOf(enc))
  return dh === null ? null : extractAndExpand(dh, enc, recipient.publicBytes)
}

function extractAndExpand(dh: Uint8Array, enc: Uint8Array, recipient: Uint8Array): Buffer {
  return labeledDerive(SECRET_EXTRACT, dh, SECRET_EXPAND, Buffer.concat([enc, recipient]))
}
