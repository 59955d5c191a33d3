import { calls } from '@callwire/db'
import { and, eq, ne } from 'drizzle-orm'
import type { CallRow } from './change-status.ts'
import type { LedgerWork } from './work.ts'

/**
 * Makes room for a call to have Exotel's `sid`. A media socket that came long before Exotel's
 * answer may have been taken for an inbound call of the same phone: that one gives the sid up. The
 * sid of another call we placed is never taken: false.
 */
export async function claimSid(w: LedgerWork, call: CallRow, sid: string): Promise<boolean> {
  if (call.sid === sid) return true
  const others = and(eq(calls.tenantId, w.tenantId), eq(calls.sid, sid), ne(calls.id, w.callId))
  const [holder] = await w.tx
    .select({ direction: calls.direction, phoneId: calls.phoneId })
    .from(calls)
    .where(others)
  if (holder === undefined) return true
  if (call.direction === 'inbound') return false
  if (holder.direction !== 'inbound' || holder.phoneId !== call.phoneId) return false
  await w.tx.update(calls).set({ sid: null }).where(others)
  return true
}
