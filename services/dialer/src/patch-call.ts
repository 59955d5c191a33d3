import { calls } from '@callwire/db'
import type { LedgerWork } from '@callwire/ledger'
import { and, eq, type SQL } from 'drizzle-orm'

type Values = typeof calls.$inferInsert

/** Sets columns of the call whose head is locked; statuses change through the ledger instead. */
export async function patchCall(
  w: LedgerWork,
  set: { [K in keyof Values]?: Values[K] | SQL },
): Promise<void> {
  await w.tx
    .update(calls)
    .set(set)
    .where(and(eq(calls.tenantId, w.tenantId), eq(calls.id, w.callId)))
}
