import { randomBytes } from 'node:crypto'
import { TAG_BYTES } from './aead.ts'
import type { SealContext } from './context.ts'
import { objectKey, type DataKey } from './data-key.ts'
import { CryptoError, unsealFailed } from './errors.ts'
import { opening } from './opening.ts'
import { HEAD_BYTES, openRecord, SALT_BYTES, sealRecord } from './record.ts'

const MAGIC = Buffer.from('cw1o')
const OVERHEAD_BYTES = MAGIC.length + HEAD_BYTES + TAG_BYTES

/** All of an object is in memory while it is sealed or opened. */
const MAX_PLAINTEXT_BYTES = 8 * 1_048_576

/** The longest sealed object that could be opened. */
export const MAX_OBJECT_BYTES = MAX_PLAINTEXT_BYTES + OVERHEAD_BYTES

/**
 * Seals bytes that are kept as bytes, outside the database: 68 bytes longer than they were. Throws
 * `invalid_input` above 8 MiB or for a context without its mandatory parts.
 */
export function sealObject(key: DataKey, context: SealContext, plaintext: Uint8Array): Buffer {
  return sealObjectWith(randomBytes(SALT_BYTES), key, context, plaintext)
}

/** As `sealObject` with a given salt, which must be random and never serve twice. */
export function sealObjectWith(
  salt: Uint8Array,
  key: DataKey,
  context: SealContext,
  plaintext: Uint8Array,
): Buffer {
  if (plaintext.length > MAX_PLAINTEXT_BYTES) {
    throw new CryptoError('invalid_input', 'A sealed object holds at most 8 MiB')
  }
  const { head, body } = sealRecord(objectKey(key), salt, context, plaintext)
  return Buffer.concat([MAGIC, head, body])
}

/** Opens what `sealObject` sealed under the same key and context. Throws `unseal_failed`. */
export function openObject(key: DataKey, context: SealContext, sealed: Uint8Array): Buffer {
  return opening(() => {
    if (sealed.length < OVERHEAD_BYTES || sealed.length > MAX_OBJECT_BYTES) throw unsealFailed()
    const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength)
    const bodyAt = MAGIC.length + HEAD_BYTES
    if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw unsealFailed()
    return openRecord(objectKey(key), context, {
      head: bytes.subarray(MAGIC.length, bodyAt),
      body: bytes.subarray(bodyAt),
    })
  })
}
