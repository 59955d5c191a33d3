import { calls } from '@callwire/db'
import { and, eq } from 'drizzle-orm'
import { changeStatus, type CallRow } from './change-status.ts'
import { claimSid } from './claim-sid.ts'
import { NEEDS_REVIEW, NOT_PLACED } from './move.ts'
import type { LedgerWork } from './work.ts'
import { writeReceiptIfDone } from './write-receipt.ts'

/** Which of Exotel's calls it is, or that Exotel has none. */
export type ParkedAnswer = { sid: string } | { notPlaced: true }

/** `sid_taken`: another call that we placed has it. The last two change nothing. */
export type ParkedVerdict = 'answered' | 'sid_taken' | 'not_parked'

/** Whether a call waits for a person to say what became of it. */
export function isParked(call: Pick<CallRow, 'status' | 'sid' | 'reasonCode'>): boolean {
  return call.status === 'unknown' && call.sid === null && call.reasonCode === NEEDS_REVIEW
}

/**
 * Takes a person's answer for a parked call, whose row was read under this lock. With a sid the
 * call counts as ringing since its attempt and as never heard of, so that Exotel is asked soon how
 * it really stands. Without one it fails as never placed and its fence goes up: whoever still holds
 * the attempt may not send it any more. Later news of it reopens it like any call given up so.
 */
export async function answerParkedCall(
  w: LedgerWork,
  call: CallRow,
  answer: ParkedAnswer,
): Promise<ParkedVerdict> {
  if (!isParked(call)) return 'not_parked'
  if ('sid' in answer) {
    const { sid } = answer
    if (!(await claimSid(w, call, sid))) return 'sid_taken'
    const at = call.dialingAt ?? call.createdAt
    await changeStatus(w, call, { status: 'ringing', sid, heardAt: null, at })
  } else {
    const reason = { code: NOT_PLACED, message: 'A person found that Exotel has no such call.' }
    await changeStatus(w, call, { status: 'failed', reason, fence: call.fence + 1 })
    await writeReceiptIfDone(w, w.nowMs)
  }
  await w.tx
    .update(calls)
    .set({ candidates: null })
    .where(and(eq(calls.tenantId, w.tenantId), eq(calls.id, w.callId)))
  return 'answered'
}
