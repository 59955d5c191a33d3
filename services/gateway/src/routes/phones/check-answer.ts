import { ApiError, notFound } from '../../http/api-error.ts'

/** What the dialer wrote down of a check. */
export type AnsweredCheck = {
  state: 'ok' | 'refused' | 'failed'
  code: string | null
  message: string | null
  retryAfterS: number | null
}

/** What is said when Exotel, or the dialer, has no answer. */
export function noAnswer(): ApiError {
  return new ApiError('unavailable', 'Exotel could not be asked right now; try again shortly.', {
    retryAfterS: 2,
  })
}

/** The refusal that an answered check stands for; null when Exotel takes the credentials. */
export function refusalOf({ state, code, message, retryAfterS }: AnsweredCheck): ApiError | null {
  if (state === 'ok') return null
  const reason = code ?? ''
  switch (reason) {
    case 'provider_auth':
      return new ApiError('provider_auth', 'Invalid Exotel credentials')
    case 'provider_forbidden':
    case 'provider_rejected':
      return new ApiError('provider_auth', message ?? 'Exotel refuses this account.', {
        details: { reason },
      })
    case 'no_credentials':
      return new ApiError('no_credentials', 'No Exotel credentials found for this phone number')
    case 'host_not_allowed':
      return new ApiError('conflict', message ?? 'The host of this account is not allowed.')
    case 'not_found':
      return notFound('phone')
    case 'credential_integrity':
      return new ApiError('credential_integrity', 'Invalid encrypted data format')
    case 'rate_limited':
      return new ApiError('rate_limited', message ?? 'Too many requests.', {
        retryAfterS: retryAfterS ?? 60,
      })
    default:
      return noAnswer()
  }
}
