import type { ErrorCode } from '@callwire/contracts'
import { AppError } from '@callwire/runtime'

export type ErrorDetails = Record<string, unknown>

/** A refusal that the caller is told about: its code decides the status. */
export class ApiError extends AppError {
  readonly apiCode: ErrorCode
  readonly details: ErrorDetails | undefined
  readonly retryAfterS: number | undefined

  constructor(
    code: ErrorCode,
    message: string,
    o: { details?: ErrorDetails; retryAfterS?: number } = {},
  ) {
    super({ code, message, level: 'debug', retryable: o.retryAfterS !== undefined })
    this.apiCode = code
    this.details = o.details
    this.retryAfterS = o.retryAfterS
  }
}

/** The one answer for what is not there, was deleted, or belongs to somebody else. */
export function notFound(what: string): ApiError {
  return new ApiError('not_found', `No such ${what}.`)
}

/** A rule that no schema can hold; `path` is dotted, from `body`, `query` or `headers`. */
export function invalidField(path: string, message: string): ApiError {
  return new ApiError('validation_failed', 'The request is not valid.', {
    details: { issues: [{ path, rule: 'custom', message }] },
  })
}
