import type { ActiveStreams, CheckOutcome } from '@callwire/exotel'

/** How a check of credentials ended, as the dialer saw it. */
export type CheckResult =
  | Exclude<CheckOutcome, { kind: 'accepted' }>
  /** `streams`: of the account, as far as Exotel tells. */
  | { kind: 'accepted'; streams?: ActiveStreams | null }
  | { kind: 'no_phone' }
  | { kind: 'no_credentials' }
  /** A seal does not open: nothing was sent. */
  | { kind: 'seal_broken' }
  /** The account's requests of this minute are used up, or it is held: nothing was sent. */
  | { kind: 'over_budget'; retryAfterMs: number; why: 'budget' | 'held' }
  /** The account's stored host or sid may not be spoken to: nothing was sent. */
  | { kind: 'unsendable' }

/** What is kept of it. `refused`: the answer is no. `failed`: there is no answer. */
export type CheckAnswer = {
  state: 'ok' | 'refused' | 'failed'
  code: string | null
  message: string | null
  retryAfterS: number | null
  activeStreams?: number
  streamLimit?: number | null
}

/** Exotel's limit is on a minute; without its Retry-After that is when to ask again. */
const rateLimitedS = 60

const slowDown = 'Exotel asks to slow down.'
const usedUp = "The account's requests of this minute are used up."

/** What is answered to whoever wanted to know whether credentials work. */
export function decideCheck(result: CheckResult): CheckAnswer {
  switch (result.kind) {
    case 'accepted':
      return {
        ...{ state: 'ok', code: null, message: null, retryAfterS: null },
        ...(result.streams && {
          activeStreams: result.streams.active,
          streamLimit: result.streams.limit,
        }),
      }
    case 'rejected':
      return refused(result.code, sentenceOf(result))
    case 'rate_limited':
      return wait(slowDown, result.retryAfterMs)
    case 'over_budget':
      return wait(result.why === 'held' ? slowDown : usedUp, result.retryAfterMs)
    case 'unavailable':
      return failed('unavailable', 'Exotel does not answer as it should; try again shortly.')
    case 'no_phone':
      return refused('not_found', 'No such phone.')
    case 'no_credentials':
      return refused('no_credentials', 'No Exotel credentials found for this phone number')
    case 'unsendable':
      return refused('host_not_allowed', 'The host of these credentials is not allowed any more.')
    case 'seal_broken':
      return failed('credential_integrity', 'Invalid encrypted data format')
  }
}

function sentenceOf(refusal: { code: string; message: string }): string {
  if (refusal.code !== 'provider_forbidden') return refusal.message
  return `Exotel knows these credentials but refuses the account: ${refusal.message}`
}

function wait(message: string, retryAfterMs: number | null): CheckAnswer {
  const retryAfterS = retryAfterMs === null ? rateLimitedS : Math.ceil(retryAfterMs / 1_000)
  return { ...failed('rate_limited', message), retryAfterS: Math.max(1, retryAfterS) }
}

function refused(code: string, message: string): CheckAnswer {
  return { state: 'refused', code, message, retryAfterS: null }
}

function failed(code: string, message: string): CheckAnswer {
  return { state: 'failed', code, message, retryAfterS: null }
}
