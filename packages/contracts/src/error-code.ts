/**
 * Every error a caller of the REST routes can get: its status, and what it means.
 * The set is closed: a new code is added here or nowhere.
 */
export const errorCodes = {
  validation_failed: {
    status: 400,
    meaning: 'A field is missing, malformed or unknown; `details` names it.',
  },
  no_agent_assigned: { status: 400, meaning: 'The phone has no agent; assign one first.' },
  no_credentials: {
    status: 400,
    meaning: 'The phone has no Exotel credentials; import it again with them.',
  },
  idempotency_key_required: {
    status: 400,
    meaning: 'Calls made with an API key need an Idempotency-Key header.',
  },
  provider_auth: { status: 400, meaning: 'Exotel refused the credentials.' },
  unauthenticated: { status: 401, meaning: 'No token, or one that is wrong, expired or revoked.' },
  forbidden: {
    status: 403,
    meaning: 'The token is good, but its role or scopes do not allow this.',
  },
  password_change_required: { status: 403, meaning: 'Change the one-time password first.' },
  not_found: { status: 404, meaning: 'No such thing in this tenant.' },
  conflict: { status: 409, meaning: 'It exists already, or changed meanwhile.' },
  idempotency_in_progress: {
    status: 409,
    meaning: 'The first request with this key is still running.',
  },
  call_already_live: {
    status: 409,
    meaning: 'This person is being called already; `details.callId` says by which call.',
  },
  cannot_cancel: {
    status: 409,
    meaning: 'The call is past the point where it could be cancelled.',
  },
  recording_erased: { status: 410, meaning: 'The call’s audio was kept and has been erased.' },
  payload_too_large: { status: 413, meaning: 'The body is larger than this route takes.' },
  unsupported_media_type: {
    status: 415,
    meaning: 'The body is of a type this route does not read.',
  },
  range_not_satisfiable: {
    status: 416,
    meaning: 'The Range begins behind the end; Content-Range says how long it is.',
  },
  idempotency_mismatch: { status: 422, meaning: 'The key was used before with another body.' },
  never_call: { status: 422, meaning: 'The number is on the never-call list.' },
  outside_hours: { status: 422, meaning: 'Outside the calling hours of the person called.' },
  recording_too_long: {
    status: 422,
    meaning: 'The audio is longer than one WAV can be: 4 GiB, three days at 8 kHz.',
  },
  rate_limited: { status: 429, meaning: 'Too many requests; wait for Retry-After.' },
  internal: { status: 500, meaning: 'A fault of ours; quote the request id.' },
  credential_integrity: { status: 500, meaning: 'Stored credentials could not be opened.' },
  recording_integrity: { status: 500, meaning: 'Kept audio could not be opened.' },
  unavailable: { status: 503, meaning: 'A store is away for the moment; try again.' },
} as const satisfies Record<string, { status: number; meaning: string }>

export type ErrorCode = keyof typeof errorCodes

/** The HTTP status of a code. */
export function statusOf(code: ErrorCode): number {
  return errorCodes[code].status
}
