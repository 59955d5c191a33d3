import type { KeyObject } from 'node:crypto'
import { HASH_BYTES } from '../hkdf.ts'
import { labeledExpand, labeledExtract } from './labeled.ts'
import {
  keyPairOf,
  publicBytesOf,
  publicKeyOf,
  sharedSecretOf,
  X25519_BYTES,
  type KeyPair,
} from './x25519.ts'

/** DHKEM(X25519, HKDF-SHA256), RFC 9180 sections 4.1 and 7.1. */
export const KEM_ID = 0x0020

const SUITE_ID = Buffer.from([0x4b, 0x45, 0x4d, KEM_ID >> 8, KEM_ID & 0xff]) // "KEM" ‖ kem_id
const EMPTY = Buffer.alloc(0)

/** DeriveKeyPair for X25519 (RFC 9180 section 7.1.3). `inputKey` has at least 32 bytes of entropy. */
export function deriveKeyPair(inputKey: Uint8Array): KeyPair {
  const pseudoRandomKey = labeledExtract(SUITE_ID, EMPTY, 'dkp_prk', inputKey)
  return keyPairOf(labeledExpand(SUITE_ID, pseudoRandomKey, 'sk', EMPTY, X25519_BYTES))
}

export type Encapsulated = { readonly sharedSecret: Buffer; readonly enc: Buffer }

/** Encap with a given ephemeral key pair; null when the recipient's key is of low order. */
export function encapsulate(ephemeral: KeyPair, recipient: KeyObject): Encapsulated | null {
  const enc = publicBytesOf(ephemeral.publicKey)
  const dh = sharedSecretOf(ephemeral.privateKey, recipient)
  if (dh === null) return null
  return { sharedSecret: extractAndExpand(dh, enc, publicBytesOf(recipient)), enc }
}

/** Decap; null when `enc` is of low order. `enc` is 32 bytes. */
export function decapsulate(enc: Uint8Array, recipient: KeyPair): Buffer | null {
  const dh = sharedSecretOf(recipient.privateKey, publicKeyOf(enc))
  return dh === null ? null : extractAndExpand(dh, enc, publicBytesOf(recipient.publicKey))
}

function extractAndExpand(dh: Uint8Array, enc: Uint8Array, recipient: Uint8Array): Buffer {
  const pseudoRandomKey = labeledExtract(SUITE_ID, EMPTY, 'eae_prk', dh)
  const kemContext = Buffer.concat([enc, recipient])
  return labeledExpand(SUITE_ID, pseudoRandomKey, 'shared_secret', kemContext, HASH_BYTES)
}
