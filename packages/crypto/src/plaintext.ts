import { TAG_BYTES } from './aead.ts'
import { utf8 } from './bytes.ts'
import { CryptoError } from './errors.ts'
import { MAX_BODY_BYTES } from './format.ts'

/** The bytes to seal. Throws `invalid_input` above 1 MiB or for text that UTF-8 cannot hold. */
export function plaintextBytes(plaintext: string | Uint8Array): Uint8Array {
  const bytes = typeof plaintext === 'string' ? utf8(plaintext) : plaintext
  if (bytes.length > MAX_BODY_BYTES - TAG_BYTES) {
    throw new CryptoError('invalid_input', 'A sealed value holds at most 1 MiB')
  }
  return bytes
}
