import { callEvents } from '@callwire/db'
import { and, desc, eq } from 'drizzle-orm'
import { changeStatus, type CallRow } from './change-status.ts'
import { eventOf } from './event-row.ts'
import { NEEDS_REVIEW } from './move.ts'
import type { LedgerWork } from './work.ts'

/**
 * Takes back the sid that a person named for a parked call, when Exotel has no such call: it is
 * parked again, as if nobody had answered. False, and nothing is done, when the call has its sid
 * from elsewhere or has moved on since. Whether Exotel spoke of the call is the caller's to know.
 */
export async function takeBackAnswer(w: LedgerWork, call: CallRow): Promise<boolean> {
  if (call.status !== 'ringing' || !(await isBoundByPerson(w))) return false
  const reason = {
    code: NEEDS_REVIEW,
    message: 'Exotel has no call with the id that was named for this one.',
  }
  const nobody = { sid: null, dialedAt: null }
  return changeStatus(w, call, { status: 'unknown', exception: 'take_back', reason, ...nobody })
}

/** A parked call is searched for no more: what has it ring is news of it, or a person. */
async function isBoundByPerson(w: LedgerWork): Promise<boolean> {
  const rows = await w.tx
    .select()
    .from(callEvents)
    .where(
      and(
        eq(callEvents.tenantId, w.tenantId),
        eq(callEvents.callId, w.callId),
        eq(callEvents.type, 'call.status'),
      ),
    )
    .orderBy(desc(callEvents.seq))
    .limit(2)
  const [last, before] = rows.map(eventOf)
  if (last?.type !== 'call.status' || before?.type !== 'call.status') return false
  return (
    last.data?.status === 'ringing' &&
    before.data?.status === 'unknown' &&
    before.data.reason?.code === NEEDS_REVIEW
  )
}
