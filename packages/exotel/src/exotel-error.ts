import { AppError } from '@callwire/runtime'

export type ExotelErrorCode = 'host_not_allowed' | 'invalid_account' | 'invalid_request'

/** A request that must not be made at all. Holds no URL, header or cause. */
export class ExotelError extends AppError {
  declare readonly code: ExotelErrorCode

  constructor(code: ExotelErrorCode, message: string) {
    super({ code, message })
  }
}
