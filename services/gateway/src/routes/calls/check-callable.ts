import { hoursVerdict } from '@callwire/calling-hours'
import type { CallingHours } from '@callwire/contracts'
import { ApiError } from '../../http/api-error.ts'

/** What a tenant says about calling one person at one moment. */
export type CallableFacts = {
  callingHours: CallingHours | null
  /** The entry of its never-call list that holds at that moment. */
  neverCall: { id: string; expiresAt: Date | null } | null
}

/**
 * Refuses a call that its tenant's own rules forbid; the dial asks the same once more.
 *
 * @param o.number - the person's, E.164
 * @param o.atMs - when the call is to be dialed: its `scheduleAt`, else now
 * @throws ApiError `never_call`, or `outside_hours` with `details.opensAt`
 */
export function requireCallable(facts: CallableFacts, o: { number: string; atMs: number }): void {
  const { neverCall: entry } = facts
  if (entry !== null) {
    const until = entry.expiresAt === null ? '' : ` until ${entry.expiresAt.toISOString()}`
    throw new ApiError(
      'never_call',
      `This number is on the never-call list${until}; it can be called once it was taken off.`,
      { details: { neverCallId: entry.id, expiresAt: entry.expiresAt?.toISOString() ?? null } },
    )
  }
  const verdict = hoursVerdict(facts.callingHours, o.number, o.atMs)
  if (verdict.open) return
  const { opensAtMs, sentence } = verdict
  const advice = opensAtMs === null ? '' : ' A call with a `scheduleAt` from then on is taken.'
  throw new ApiError('outside_hours', `${sentence}${advice}`, {
    details: { opensAt: opensAtMs === null ? null : new Date(opensAtMs).toISOString() },
  })
}
