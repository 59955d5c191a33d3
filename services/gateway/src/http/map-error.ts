import { statusOf, type ErrorCode } from '@callwire/contracts'
import { AppError } from '@callwire/runtime'
import { ApiError, type ErrorDetails } from './api-error.ts'
import { validationIssues } from './validation-issues.ts'

export type ErrorAnswer = {
  status: number
  code: ErrorCode
  message: string
  details?: ErrorDetails
  retryAfterS?: number
}

/** How long a caller should leave a store alone that is away, or an edge that is full. */
const retryAfterUnavailableS = 2

const sentences = {
  validation_failed: 'The request is malformed.',
  unauthenticated: 'A valid bearer token is required.',
  forbidden: 'This is not allowed.',
  not_found: 'No such thing.',
  conflict: 'It exists already, or changed meanwhile.',
  payload_too_large: 'The body is larger than this route takes.',
  unsupported_media_type: 'The body is of a type this route does not read.',
  rate_limited: 'Too many requests.',
  internal: 'Something went wrong here; quote the request id.',
  unavailable: 'The service cannot do this right now; try again shortly.',
} as const satisfies Partial<Record<ErrorCode, string>>

/**
 * What a caller is told about any thrown value. Only sentences of ours leave: a library's message
 * may quote what was sent, a URL or a statement.
 */
export function mapError(error: unknown): ErrorAnswer {
  if (error instanceof ApiError) return ofApiError(error)
  const issues = validationIssues(error)
  if (issues !== null) {
    return { ...answer('validation_failed', 'The request is not valid.'), details: { issues } }
  }
  if (error instanceof AppError) return ofStore(error.code)
  return ofFramework(error)
}

function ofApiError(error: ApiError): ErrorAnswer {
  return {
    ...answer(error.apiCode, error.message),
    ...(error.details === undefined ? {} : { details: error.details }),
    ...(error.retryAfterS === undefined ? {} : { retryAfterS: error.retryAfterS }),
  }
}

/** Faults of the packages below, by their closed codes. */
function ofStore(code: string): ErrorAnswer {
  switch (code) {
    case 'unavailable':
    case 'busy':
      return unavailable()
    case 'conflict':
      return answer('conflict', sentences.conflict)
    case 'foreign_key':
    case 'no_such_call':
      return answer('not_found', sentences.not_found)
    case 'invalid':
      return answer('validation_failed', sentences.validation_failed)
    default:
      return answer('internal', sentences.internal)
  }
}

/** Fastify's own errors carry a status; the code is asked first, since some share one. */
function ofFramework(error: unknown): ErrorAnswer {
  const status = numberField(error, 'statusCode')
  if (status === 503) return unavailable()
  if (status === 413) return answer('payload_too_large', sentences.payload_too_large)
  if (status === 415) return answer('unsupported_media_type', sentences.unsupported_media_type)
  // 414 is for a part of the path that is longer than any id or token of ours: it names nothing.
  if (status === 404 || status === 414) return answer('not_found', sentences.not_found)
  if (status !== undefined && status >= 400 && status < 500) {
    return answer('validation_failed', sentences.validation_failed)
  }
  return answer('internal', sentences.internal)
}

function unavailable(): ErrorAnswer {
  return {
    ...answer('unavailable', sentences.unavailable),
    retryAfterS: retryAfterUnavailableS,
  }
}

function answer(code: ErrorCode, message: string): ErrorAnswer {
  return { status: statusOf(code), code, message }
}

function numberField(value: unknown, name: string): number | undefined {
  if (typeof value !== 'object' || value === null || !(name in value)) return undefined
  const field = (value as Record<string, unknown>)[name]
  return typeof field === 'number' ? field : undefined
}
