import { createHmac, createSecretKey, hkdfSync, type BinaryLike, type KeyObject } from 'node:crypto'

export const HASH_BYTES = 32

export function hmacSha256(key: BinaryLike | KeyObject, ...message: readonly Uint8Array[]): Buffer {
  const hmac = createHmac('sha256', key)
  for (const part of message) hmac.update(part)
  return hmac.digest()
}

/** HKDF-Extract with SHA-256 (RFC 5869 section 2.2). */
export function hkdfExtract(salt: Uint8Array, inputKey: Uint8Array): Buffer {
  return hmacSha256(salt, inputKey)
}

/** HKDF-Expand with SHA-256 (RFC 5869 section 2.3). `length` is in bytes, at most 255 × 32. */
export function hkdfExpand(pseudoRandomKey: Uint8Array, info: Uint8Array, length: number): Buffer {
  const blocks: Buffer[] = []
  let block: Buffer = Buffer.alloc(0)
  for (let counter = 1; (counter - 1) * HASH_BYTES < length; counter += 1) {
    block = hmacSha256(pseudoRandomKey, block, info, Uint8Array.of(counter))
    blocks.push(block)
  }
  return Buffer.concat(blocks).subarray(0, length)
}

/** Extract and expand in one; a key that is a key object stays inside it. */
export function hkdf(
  key: KeyObject | Uint8Array,
  salt: Uint8Array,
  info: Uint8Array,
  length: number,
): Buffer {
  return Buffer.from(hkdfSync('sha256', key, salt, info, length))
}

/** As `hkdf`, 32 bytes, kept as a key object. */
export function hkdfKey(key: KeyObject, salt: Uint8Array, info: Uint8Array): KeyObject {
  return createSecretKey(hkdf(key, salt, info, HASH_BYTES))
}
