/** A refusal as v1 words it: `{"RestException":{"Status","Message"}}`. */
export type Refusal = { status: number; message: string; retryAfterSeconds?: number }

export const refuse = (status: number, message: string): Refusal => ({ status, message })

export const restException = (
  refusal: Refusal,
): { RestException: { Status: number; Message: string } } => ({
  RestException: { Status: refusal.status, Message: refusal.message },
})

/** Sentences used in more than one place. */
export const UNAUTHORIZED = refuse(401, 'Authorization failed')
export const FORBIDDEN = refuse(
  403,
  'Please complete your KYC to enable outbound calls before making outbound calls',
)
export const RATE_LIMITED = refuse(429, 'Too many requests')
export const NOT_FOUND = refuse(404, 'Call not found')
export const SERVER_ERROR = refuse(500, 'Could not originate the call')
