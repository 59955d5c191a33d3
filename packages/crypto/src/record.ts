import { createSecretKey, timingSafeEqual, type KeyObject } from 'node:crypto'
import { aeadOpen, aeadSeal, KEY_BYTES, NONCE_BYTES } from './aead.ts'
import { associatedData, type SealContext } from './context.ts'
import { unsealFailed } from './errors.ts'
import type { Envelope, Format } from './format.ts'
import { hkdf } from './hkdf.ts'

export const SALT_BYTES = 16

const COMMITMENT_BYTES = 32

export const HEAD_BYTES = SALT_BYTES + COMMITMENT_BYTES

// Every record has a key of its own, so the nonce need not vary. That holds only while each
// record's salt is fresh.
const NONCE = Buffer.alloc(NONCE_BYTES)

/** Formats of texts, and `cw1o`, which is bytes. */
type RecordFormat = Format | 'cw1o'

type RecordKey<F extends RecordFormat = RecordFormat> = {
  readonly format: F
  readonly kid: string
  readonly key: KeyObject
}

/**
 * Seals one record under a sub-key of its own: HKDF-SHA256 of the key with a 16-byte salt and the
 * record's context gives an AES-256-GCM key and a 32-byte commitment to it. The salt must be
 * random and used once.
 */
export function sealRecord<F extends RecordFormat>(
  { format, kid, key }: RecordKey<F>,
  salt: Uint8Array,
  context: SealContext,
  plaintext: Uint8Array,
): Omit<Envelope, 'format'> & { readonly format: F } {
  const bound = associatedData(format, kid, context)
  const { recordKey, commitment } = derive(key, salt, bound)
  return {
    format,
    kid,
    head: Buffer.concat([salt, commitment]),
    body: aeadSeal(recordKey, NONCE, bound, plaintext),
  }
}

/**
 * Opens one record. The commitment is compared first: AES-GCM alone allows a text that opens
 * under two keys. Throws `unseal_failed`.
 */
export function openRecord(
  { format, kid, key }: RecordKey,
  context: SealContext,
  { head, body }: Pick<Envelope, 'head' | 'body'>,
): Buffer {
  const bound = associatedData(format, kid, context)
  const { recordKey, commitment } = derive(key, head.subarray(0, SALT_BYTES), bound)
  if (!timingSafeEqual(commitment, head.subarray(SALT_BYTES))) throw unsealFailed()
  return aeadOpen(recordKey, NONCE, bound, body)
}

function derive(key: KeyObject, salt: Uint8Array, info: Uint8Array) {
  const material = hkdf(key, salt, info, KEY_BYTES + COMMITMENT_BYTES)
  return {
    recordKey: createSecretKey(material.subarray(0, KEY_BYTES)),
    commitment: material.subarray(KEY_BYTES),
  }
}
