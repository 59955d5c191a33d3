import { phoneChecks } from '@callwire/db'
import { and, eq, inArray } from 'drizzle-orm'
import type { DialerDeps } from '../deps.ts'

const batchSize = 1_000
/** Long answered; a day leaves time to look at what a person was told. */
export const CHECK_KEPT_MS = 86_400_000

/** Forgets checks of credentials. What is left over a batch goes in the next round. */
export async function sweepOldChecks(d: Pick<DialerDeps, 'database'>): Promise<void> {
  const old = await d.database.finder.oldPhoneChecks(CHECK_KEPT_MS, batchSize)
  for (const [tenantId, checks] of Map.groupBy(old, (check) => check.tenantId)) {
    const ids = checks.map(({ id }) => id)
    await d.database.withTenant(tenantId, (tx) =>
      tx
        .delete(phoneChecks)
        .where(and(eq(phoneChecks.tenantId, tenantId), inArray(phoneChecks.id, ids))),
    )
  }
}
