import type { CallStatus } from '@callwire/contracts'
import { textOf } from './fields.ts'

/** Exotel's words for a call's state, and how they appear with other spelling. */
const statuses: Readonly<Record<string, CallStatus>> = {
  ringing: 'ringing',
  inprogress: 'in-progress',
  answered: 'in-progress',
  completed: 'completed',
  failed: 'failed',
  busy: 'busy',
  noanswer: 'no-answer',
  canceled: 'canceled',
  cancelled: 'canceled',
}

/**
 * Our status for one of Exotel's. Null for `queued` (Exotel's queue, which is no news to us) and
 * for words not known: an unknown status must not end a call.
 */
export function callStatusOf(value: unknown): CallStatus | null {
  const word =
    textOf(value, 64)
      ?.toLowerCase()
      .replace(/[^a-z]/g, '') ?? ''
  return Object.hasOwn(statuses, word) ? (statuses[word] ?? null) : null
}

/** Outcome words of call details v3, which speak of legs. */
const v3Statuses: Readonly<Record<string, CallStatus>> = {
  completed: 'completed',
  from_leg_unanswered: 'no-answer',
  to_leg_unanswered: 'no-answer',
  agent_unanswered: 'no-answer',
  customer_unanswered: 'no-answer',
  from_leg_cancelled: 'canceled',
  to_leg_cancelled: 'canceled',
  agent_canceled: 'canceled',
  from_leg_no_dial: 'failed',
  to_leg_no_dial: 'failed',
  agent_no_dial: 'failed',
  customer_no_dial: 'failed',
}

export function v3StatusOf(value: unknown): CallStatus | null {
  const word = textOf(value, 64)?.toLowerCase() ?? ''
  const known = Object.hasOwn(v3Statuses, word) ? v3Statuses[word] : undefined
  return known ?? callStatusOf(word)
}
