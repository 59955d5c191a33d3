import { AppError } from '@callwire/runtime'

/**
 * Why a key service did not do what it was asked.
 *
 * - `key_service_unreachable`: no answer, or "not now"; may be asked again.
 * - `key_service_denied`: it does not let us, whatever we ask.
 * - `key_service_rejected`: it has no such key, or what it was to open is none of its own.
 * - `key_service_malformed`: its answer is not what its API describes, or holds no key of ours.
 */
export type KeyServiceErrorCode =
  | 'key_service_unreachable'
  | 'key_service_denied'
  | 'key_service_rejected'
  | 'key_service_malformed'

/** Says which service at which host, and what to check; never a token, a key or what the service said. */
export class KeyServiceError extends AppError {
  declare readonly code: KeyServiceErrorCode

  constructor(code: KeyServiceErrorCode, message: string) {
    super({ code, message, retryable: code === 'key_service_unreachable' })
  }
}
