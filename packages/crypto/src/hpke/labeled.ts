import { createSecretKey, type KeyObject } from 'node:crypto'
import { HASH_BYTES, hkdf, hmacSha256 } from '../hkdf.ts'

const VERSION = Buffer.from('HPKE-v1')
const NO_SALT = Buffer.alloc(0)
const NO_KEY = createSecretKey(NO_SALT)

/** What LabeledExtract (RFC 9180 section 4) puts before its input: `"HPKE-v1" ‖ suite_id ‖ label`. */
export function extractLabel(suiteId: Uint8Array, label: string): Buffer {
  return Buffer.concat([VERSION, suiteId, Buffer.from(label)])
}

/** What LabeledExpand (RFC 9180 section 4) puts before its info: the length, then the same. */
export function expandLabel(suiteId: Uint8Array, label: string, length: number): Buffer {
  return Buffer.concat([Uint8Array.of(length >> 8, length & 0xff), extractLabel(suiteId, label)])
}

/** LabeledExtract without a salt, for what is hashed and not expanded. */
export function labeledHash(label: Buffer, input: Uint8Array): Buffer {
  return hmacSha256(NO_KEY, Buffer.concat([label, input]))
}

/** The input of a LabeledExtract that a LabeledExpand follows, to give to HKDF as its key. */
export function labeledInput(label: Buffer, inputKey: Uint8Array): KeyObject {
  return createSecretKey(Buffer.concat([label, inputKey]))
}

/** LabeledExtract without a salt, then LabeledExpand to 32 bytes: together they are one HKDF. */
export function labeledDerive(
  extract: Buffer,
  inputKey: Uint8Array,
  expand: Buffer,
  info: Uint8Array,
): Buffer {
  const key = labeledInput(extract, inputKey)
  return hkdf(key, NO_SALT, Buffer.concat([expand, info]), HASH_BYTES)
}
