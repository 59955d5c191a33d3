import { reasonOf, type CallReason, type CallReasonCode } from '@callwire/contracts'
import type { ExotelErrorCode, PlaceCallOutcome } from '@callwire/exotel'
import { holdMsOf } from '../account/hold-ms.ts'

/** How one attempt to place a call ended, as the dialer saw it. */
export type AttemptOutcome =
  | PlaceCallOutcome
  /** Credentials or number could not be opened: nothing was sent. */
  | { kind: 'seal_broken' }
  /** The account's stored host or sid may not be spoken to: nothing was sent. */
  | { kind: 'unsendable'; code: ExotelErrorCode; message: string }
  /** Something of ours failed before the request was handed over: nothing was sent. */
  | { kind: 'not_sent'; reason: 'fault' }

/** What one attempt says of the phone's credentials: two refusals in a row open its breaker. */
export type CredentialVerdict = 'refused' | 'accepted' | 'unjudged'

export type OutcomeDecision =
  | { kind: 'placed'; sid: string }
  | { kind: 'fail'; reason: CallReason; credentials: CredentialVerdict; page: boolean }
  | { kind: 'requeue'; reason: CallReason; delayMs: number }
  | { kind: 'unknown'; reason: CallReason }

/** Exotel's rate limit has a window of a minute; without its Retry-After the wait is spread over it. */
const rateLimitedMs = { min: 15_000, max: 60_000 }
/** Calls sent back together must not come back together. */
const spreadMs = 1_000
const unreachableMs = { base: 1_000, max: 60_000 }

/**
 * What becomes of a call, given how the attempt to place it ended. Another request may follow
 * only where Exotel cannot have acted on this one: a 429, or not one byte of it written.
 *
 * @param o.attempt - number of this attempt, from 1: a host that stays away is asked ever less often
 * @param o.fraction - a random number in [0, 1) that spreads the waits
 */
export function decideOutcome(
  outcome: AttemptOutcome,
  o: { attempt: number; fraction: number },
): OutcomeDecision {
  switch (outcome.kind) {
    case 'placed':
      return { kind: 'placed', sid: outcome.sid }
    case 'rejected':
      return {
        kind: 'fail',
        reason: rejection(outcome),
        credentials:
          outcome.httpStatus === 401 || outcome.httpStatus === 403 ? 'refused' : 'accepted',
        page: false,
      }
    case 'protocol_error':
      return fail(
        'provider_protocol_error',
        'Exotel answered with a redirect, which is never followed.',
      )
    case 'seal_broken':
      return { ...fail('credential_integrity', 'Invalid encrypted data format'), page: true }
    case 'unsendable':
      return fail(outcome.code, outcome.message)
    case 'rate_limited':
      return rateLimited(outcome.retryAfterMs, o.fraction)
    case 'not_sent':
      return notSent(outcome.reason, o)
    case 'unknown':
      return {
        kind: 'unknown',
        reason: reasonOf(
          'outcome_unknown',
          'Exotel did not say whether it placed the call; it is being asked.',
        ),
      }
  }
}

function rejection(outcome: { code: string; httpStatus: number; message: string }): CallReason {
  if (outcome.httpStatus === 401) {
    return reasonOf('provider_auth', 'Invalid Exotel credentials')
  }
  const code = outcome.httpStatus === 403 ? 'provider_forbidden' : 'provider_rejected'
  const said = outcome.message.trim().slice(0, 500)
  return reasonOf(code, said === '' ? `Exotel refused the call (${outcome.httpStatus}).` : said)
}

function fail(code: CallReasonCode, message: string): OutcomeDecision & { kind: 'fail' } {
  return { kind: 'fail', reason: reasonOf(code, message), credentials: 'unjudged', page: false }
}

function rateLimited(retryAfterMs: number | null, fraction: number): OutcomeDecision {
  const delayMs =
    retryAfterMs === null
      ? between(rateLimitedMs.min, rateLimitedMs.max, fraction)
      : holdMsOf(retryAfterMs) + Math.floor(spreadMs * fraction)
  const message = `Exotel asked to slow down; next try in about ${seconds(delayMs)} s.`
  return { kind: 'requeue', reason: reasonOf('waiting_for_budget', message), delayMs }
}

function notSent(
  why: 'connect_failed' | 'deadline' | 'fault',
  o: { attempt: number; fraction: number },
): OutcomeDecision {
  if (why === 'connect_failed') {
    const ceiling = Math.min(
      unreachableMs.max,
      unreachableMs.base * 2 ** Math.min(Math.max(o.attempt - 1, 0), 10),
    )
    const delayMs = between(ceiling / 2, ceiling, o.fraction)
    const message = `Exotel cannot be reached; next try in about ${seconds(delayMs)} s.`
    return { kind: 'requeue', reason: reasonOf('provider_unreachable', message), delayMs }
  }
  const message = 'The dialer was held up before it sent anything; it tries again.'
  const delayMs = between(0, spreadMs, o.fraction)
  return { kind: 'requeue', reason: reasonOf('dialer_delayed', message), delayMs }
}

function between(min: number, max: number, fraction: number): number {
  return Math.floor(min + (max - min) * fraction)
}

function seconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1_000))
}
