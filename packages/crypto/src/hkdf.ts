import { createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import { CryptoError } from './errors.ts'

export const HASH_BYTES = 32

/** What `hkdfSync` takes at most; also the limit of a seal context. */
export const MAX_INFO_BYTES = 1024

// Node copies a key that is bytes into a key object at each call, the slow way: keys are objects here.
export function hmacSha256(key: KeyObject, message: Uint8Array): Buffer {
  return createHmac('sha256', key).update(message).digest()
}

/**
 * HKDF with SHA-256 (RFC 5869), extract and expand in one. `length` is in bytes, at most 255 × 32.
 * Throws `invalid_input` for an info above 1024 bytes.
 */
export function hkdf(key: KeyObject, salt: Uint8Array, info: Uint8Array, length: number): Buffer {
  if (info.length > MAX_INFO_BYTES) {
    throw new CryptoError('invalid_input', 'What a key is derived for has at most 1024 bytes')
  }
  return Buffer.from(hkdfSync('sha256', key, salt, info, length))
}

/** As `hkdf`, 32 bytes, kept as a key object. */
export function hkdfKey(key: KeyObject, salt: Uint8Array, info: Uint8Array): KeyObject {
  return createSecretKey(hkdf(key, salt, info, HASH_BYTES))
}
