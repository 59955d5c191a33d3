import { idempotencyKeys } from '@callwire/db'
import { and, eq, inArray, sql } from 'drizzle-orm'
import type { DialerDeps } from '../deps.ts'

const batchSize = 2_000
/** What is left over goes in the next round; more would keep the database from calls. */
const mostBatches = 10
/** Promised in the API's docs: an older key stands for a new request, once its call was dialed. */
export const KEY_KEPT_MS = 7 * 86_400_000

/** Forgets idempotency keys whose life is over: those whose call still waits for its dial stay. */
export async function sweepOldIdempotencyKeys(d: Pick<DialerDeps, 'database'>): Promise<void> {
  for (let batch = 0; batch < mostBatches; batch += 1) {
    const old = await d.database.finder.oldIdempotencyKeys(KEY_KEPT_MS, batchSize)
    for (const [tenantId, keys] of Map.groupBy(old, (key) => key.tenantId)) {
      const ids = keys.map(({ callId }) => callId)
      await d.database.withTenant(tenantId, (tx) =>
        tx.delete(idempotencyKeys).where(
          and(
            eq(idempotencyKeys.tenantId, tenantId),
            inArray(idempotencyKeys.callId, ids),
            // One that was made anew since stays.
            sql`${idempotencyKeys.createdAt} < now() - ${KEY_KEPT_MS} * interval '1 millisecond'`,
          ),
        ),
      )
    }
    if (old.length < batchSize) return
  }
}
