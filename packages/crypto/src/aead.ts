import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto'
import { CryptoError, unsealFailed } from './errors.ts'

const ALGORITHM = 'aes-256-gcm'

export const KEY_BYTES = 32
/** GCM takes other lengths by hashing them, which brings back the risk of two nonces being one. */
export const NONCE_BYTES = 12

/** Always the full tag: OpenSSL also verifies shorter ones, which are easier to forge. */
export const TAG_BYTES = 16

/**
 * AES-256-GCM (NIST SP 800-38D). Returns ciphertext ‖ 16-byte tag. The pair of key and nonce must
 * never be used for two plaintexts: that gives away the authentication key, not only the texts.
 */
export function aeadSeal(
  key: KeyObject,
  nonce: Uint8Array,
  associatedData: Uint8Array,
  plaintext: Uint8Array,
): Buffer {
  if (nonce.length !== NONCE_BYTES) {
    throw new CryptoError('invalid_input', 'A nonce is 12 bytes')
  }
  const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES })
  cipher.setAAD(associatedData)
  const ciphertext = cipher.update(plaintext)
  return Buffer.concat([ciphertext, cipher.final(), cipher.getAuthTag()])
}

/**
 * Opens ciphertext ‖ tag. Throws `unseal_failed` for anything that was not sealed just so. GCM is a
 * stream mode: its last step gives no bytes, it only tells whether those before it are to be trusted.
 */
export function aeadOpen(
  key: KeyObject,
  nonce: Uint8Array,
  associatedData: Uint8Array,
  sealed: Uint8Array,
): Buffer {
  if (nonce.length !== NONCE_BYTES || sealed.length < TAG_BYTES) throw unsealFailed()
  const tagStart = sealed.length - TAG_BYTES
  const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES })
  decipher.setAAD(associatedData)
  decipher.setAuthTag(sealed.subarray(tagStart))
  const plaintext = decipher.update(sealed.subarray(0, tagStart))
  try {
    decipher.final()
  } catch {
    plaintext.fill(0)
    throw unsealFailed()
  }
  return plaintext
}
