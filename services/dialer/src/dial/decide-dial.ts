import type { HoursVerdict } from '@callwire/calling-hours'
import { reasonOf, type CallReason, type CallStatus, type Direction } from '@callwire/contracts'
import { expiredReason, hasExpired, type WaitingCall } from './decide-expiry.ts'

/** Why a phone's breaker stands open: the code of the refusals that opened it. */
export type BreakerCode = 'provider_auth' | 'provider_forbidden'

/** Who has paused dialing, an operator perhaps with words of their own. */
export type Pause = { by: 'tenant' } | { by: 'operator'; words: string | null }

/** What decides whether a call may be dialed now, its place under caps and the budget apart. */
export type DialCheck = WaitingCall & {
  status: CallStatus
  direction: Direction
  due: boolean
  /** Whether Exotel has a call for it already. */
  hasSid: boolean
  pause: Pause | null
  hasPhone: boolean
  /** Of the call's own agent, or its phone's when it has none of its own. */
  agent: 'there' | 'deleted' | 'none'
  hasCredentials: boolean
  breaker: BreakerCode | null
  /** Whether the person is on the tenant's never-call list. */
  neverCall: boolean
  hours: HoursVerdict
}

export type DialDecision =
  | { kind: 'dial' }
  | { kind: 'skip' }
  | { kind: 'fail'; reason: CallReason }
  /** Stays queued; with `delayMs` null it keeps its due time, for who ends the wait wakes it. */
  | { kind: 'hold'; reason: CallReason; delayMs: number | null }

/** Calling hours may be changed meanwhile: nobody sleeps through that for longer. */
const longestSleepMs = 15 * 60_000

/** Whether a call that was woken is dialed, waits, fails without a request, or is none of ours. */
export function decideDial(check: DialCheck): DialDecision {
  if (check.status !== 'queued' || check.direction !== 'outbound' || !check.due || check.hasSid) {
    return { kind: 'skip' }
  }
  if (check.expireAfterMs !== null && hasExpired(check)) {
    return { kind: 'fail', reason: expiredReason(check.expireAfterMs) }
  }
  if (check.pause !== null) {
    return { kind: 'hold', reason: reasonOf('paused', sentenceOf(check.pause)), delayMs: null }
  }
  const refusal = refusalOf(check)
  if (refusal !== null) return { kind: 'fail', reason: refusal }
  if (!check.hours.open) {
    const { opensAtMs, sentence } = check.hours
    const waitMs = opensAtMs === null ? longestSleepMs : opensAtMs - check.nowMs
    const delayMs = Math.ceil(Math.min(longestSleepMs, Math.max(0, waitMs)))
    return { kind: 'hold', reason: reasonOf('outside_hours', sentence), delayMs }
  }
  return { kind: 'dial' }
}

/** Why a call that would be dialed now never is. */
function refusalOf(check: DialCheck): CallReason | null {
  if (!check.hasPhone) return reasonOf('not_found', 'The phone number of this call was removed')
  if (check.agent === 'deleted') {
    return reasonOf('no_agent_assigned', 'The agent this call was ordered for was deleted')
  }
  if (check.agent === 'none') {
    return reasonOf('no_agent_assigned', 'No agent assigned to this phone number')
  }
  if (!check.hasCredentials) {
    return reasonOf('no_credentials', 'No Exotel credentials found for this phone number')
  }
  if (check.breaker === 'provider_auth')
    return reasonOf(check.breaker, 'Invalid Exotel credentials')
  if (check.breaker !== null) {
    const message = 'Exotel refuses calls from this phone number; its breaker is open'
    return reasonOf(check.breaker, message)
  }
  if (check.neverCall) {
    return reasonOf('never_call', 'The person is on the never-call list; nothing was dialed.')
  }
  return null
}

function sentenceOf(pause: Pause): string {
  if (pause.by === 'tenant') {
    return 'Dialing is paused for this tenant; the call goes on when somebody resumes it.'
  }
  const words = pause.words === null ? '' : ` (${pause.words})`
  return `The operator has paused dialing for everybody${words}; the call goes on after that.`
}
