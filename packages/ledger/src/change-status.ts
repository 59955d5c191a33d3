import type { CallReason, CallStatus } from '@callwire/contracts'
import { calls, type Tx } from '@callwire/db'
import { and, eq } from 'drizzle-orm'
import { LedgerError } from './ledger-error.ts'
import { mayChange, momentsOf, type Exception } from './move.ts'
import type { LedgerWork } from './work.ts'

export type CallRow = typeof calls.$inferSelect

/** Columns that a caller may set in the same step. */
type Beside = Partial<
  Pick<
    CallRow,
    'sid' | 'accountSid' | 'fence' | 'attempt' | 'dueAt' | 'heardAt' | 'dialedAt' | 'answeredAt'
  >
>

export type StatusChange = Beside & {
  status: CallStatus
  reason?: CallReason
  durationSeconds?: number
  /** When it happened; now, unless Exotel said when. */
  at?: Date
  /** Needed for anything but a move up in rank. */
  exception?: Exception
}

/** The call's row, or null. Read it with the head locked before changing it. */
export async function loadCall(tx: Tx, callId: string): Promise<CallRow | null> {
  const [row] = await tx.select().from(calls).where(eq(calls.id, callId))
  return row ?? null
}

/**
 * Changes a call's status as far as ranks allow: updates its row (status, reason, moments,
 * duration, and what stands beside them), appends `call.status`, and brings `call` itself up to
 * date. Gives false, and does nothing, when the change is not allowed; a final status never changes
 * into another.
 *
 * Throws LedgerError `stale_call` when `call` was not read under this lock.
 */
export async function changeStatus(
  w: LedgerWork,
  call: Pick<
    CallRow,
    | 'id'
    | 'status'
    | 'direction'
    | 'reasonCode'
    | 'dialingAt'
    | 'dialedAt'
    | 'unknownAt'
    | 'answeredAt'
    | 'endedAt'
  >,
  to: StatusChange,
): Promise<boolean> {
  const { status, reason, durationSeconds, at, exception, ...beside } = to
  const previous = call.status
  if (!mayChange(call, { status, reasonCode: reason?.code ?? null }, exception)) return false
  const moments = exception === 'annotate' ? {} : momentsOf(call, status, at ?? new Date(w.nowMs))
  const changes = {
    ...moments,
    ...beside,
    status,
    reasonCode: reason?.code ?? null,
    reasonMessage: reason?.message ?? null,
    ...(durationSeconds === undefined ? {} : { durationSeconds }),
  }
  const changed = await w.tx
    .update(calls)
    .set(changes)
    .where(and(eq(calls.id, w.callId), eq(calls.status, previous)))
    .returning({ id: calls.id })
  if (changed.length === 0) throw new LedgerError('stale_call')
  Object.assign(call, changes)
  await w.append({
    type: 'call.status',
    data: { status, previous, ...(reason === undefined ? {} : { reason }) },
  })
  return true
}
