import type { CallReason, CallStatus, Direction } from '@callwire/contracts'

/** Why a phone's breaker stands open: the code of the refusals that opened it. */
export type BreakerCode = 'provider_auth' | 'provider_forbidden'

/** What decides whether a call may be dialed now. */
export type DialCheck = {
  status: CallStatus
  direction: Direction
  due: boolean
  /** Whether Exotel has a call for it already. */
  hasSid: boolean
  paused: boolean
  hasPhone: boolean
  hasAgent: boolean
  hasCredentials: boolean
  breaker: BreakerCode | null
}

export type DialDecision =
  { kind: 'dial' } | { kind: 'skip' } | { kind: 'paused' } | { kind: 'fail'; reason: CallReason }

/** Whether a call that was woken is dialed, waits, fails without a request, or is none of ours. */
export function decideDial(check: DialCheck): DialDecision {
  if (check.status !== 'queued' || check.direction !== 'outbound' || !check.due || check.hasSid) {
    return { kind: 'skip' }
  }
  if (check.paused) return { kind: 'paused' }
  if (!check.hasPhone) return fail('not_found', 'The phone number of this call was removed')
  if (!check.hasAgent) return fail('no_agent_assigned', 'No agent assigned to this phone number')
  if (!check.hasCredentials) {
    return fail('no_credentials', 'No Exotel credentials found for this phone number')
  }
  if (check.breaker === 'provider_auth') return fail(check.breaker, 'Invalid Exotel credentials')
  if (check.breaker !== null) {
    return fail(check.breaker, 'Exotel refuses calls from this phone number; its breaker is open')
  }
  return { kind: 'dial' }
}

function fail(code: string, message: string): DialDecision {
  return { kind: 'fail', reason: { code, message } }
}
