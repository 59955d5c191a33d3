/**
 * Why a call into this package failed.
 *
 * - `invalid_key`: key material or a ring's text is malformed; the message names the rule and the
 *   entry's position, never a value.
 * - `invalid_input`: the caller passed something that must never be sealed or signed as it is
 *   (a context without a tenant, text with a lone surrogate, an index used before).
 * - `unseal_failed`: the one answer for everything that does not open.
 */
export type CryptoErrorCode = 'invalid_key' | 'invalid_input' | 'unseal_failed'

/** The only error this package throws. It carries no cause and never repeats what it was given. */
export class CryptoError extends Error {
  readonly code: CryptoErrorCode

  constructor(code: CryptoErrorCode, message: string) {
    super(message)
    this.name = 'CryptoError'
    this.code = code
  }
}

const UNSEAL_FAILED = 'The sealed value could not be opened'

/** One error for a wrong key, a wrong context, a changed character and a malformed text alike. */
export function unsealFailed(): CryptoError {
  return new CryptoError('unseal_failed', UNSEAL_FAILED)
}
