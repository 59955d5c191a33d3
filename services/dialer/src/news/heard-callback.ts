import { callbackInbox } from '@callwire/db'
import type { LedgerWork } from '@callwire/ledger'
import { and, eq, inArray, isNotNull, ne } from 'drizzle-orm'
import type { NewsOutcome } from './decide-callback.ts'

/** Outcomes of callbacks that carried the Sid the call has. */
const taken: NewsOutcome[] = ['applied', 'ignored_rank', 'ignored_status']
const ignored: NewsOutcome = 'ignored_sid'

const ofCall = (w: LedgerWork) =>
  and(eq(callbackInbox.tenantId, w.tenantId), eq(callbackInbox.callId, w.callId))

/** Whether a callback told the Sid that the call has. */
export async function heardCallback(w: LedgerWork): Promise<boolean> {
  const rows = await w.tx
    .select({ id: callbackInbox.id })
    .from(callbackInbox)
    .where(and(ofCall(w), inArray(callbackInbox.outcome, taken)))
    .limit(1)
  return rows.length > 0
}

/** Has the sweeper apply again what was ignored for its Sid. */
export async function forgetIgnored(w: LedgerWork): Promise<void> {
  await w.tx
    .update(callbackInbox)
    .set({ appliedAt: null, outcome: null })
    .where(and(ofCall(w), eq(callbackInbox.outcome, ignored)))
}

/** Whether another callback of the call, applied already, said the same. */
export async function wasSaidBefore(
  w: LedgerWork,
  callbackId: string,
  hash: string,
): Promise<boolean> {
  const rows = await w.tx
    .select({ id: callbackInbox.id })
    .from(callbackInbox)
    .where(
      and(
        ofCall(w),
        eq(callbackInbox.newsHash, hash),
        ne(callbackInbox.id, callbackId),
        isNotNull(callbackInbox.appliedAt),
      ),
    )
    .limit(1)
  return rows.length > 0
}
