import {
  tenantAlerts,
  webhookCursors,
  webhookDeliveries,
  webhookSecrets,
  type Tx,
} from '@callwire/db'
import { and, eq, inArray, sql } from 'drizzle-orm'
import type { CourierDeps } from './deps.ts'

/** What is left over a batch goes in the next round. */
const batchSize = 1_000

type Deps = Pick<CourierDeps, 'database' | 'limits'>

/** Forgets messages and alerts that are old, places in calls that ended long ago, expired secrets. */
export async function prune(d: Deps): Promise<void> {
  const { finder } = d.database
  const { keptMs, placeKeptMs } = d.limits
  await eachTenant(d, await finder.oldWebhookDeliveries(keptMs, batchSize), (tx, tenantId, rows) =>
    tx
      .delete(webhookDeliveries)
      .where(
        and(eq(webhookDeliveries.tenantId, tenantId), inArray(webhookDeliveries.id, idsOf(rows))),
      ),
  )
  await eachTenant(d, await finder.oldTenantAlerts(keptMs, batchSize), (tx, tenantId, rows) =>
    tx
      .delete(tenantAlerts)
      .where(and(eq(tenantAlerts.tenantId, tenantId), inArray(tenantAlerts.id, idsOf(rows)))),
  )
  await eachTenant(d, await finder.expiredWebhookSecrets(batchSize), (tx, tenantId, rows) =>
    tx
      .delete(webhookSecrets)
      .where(and(eq(webhookSecrets.tenantId, tenantId), inArray(webhookSecrets.id, idsOf(rows)))),
  )
  await eachTenant(d, await finder.oldWebhookCursors(placeKeptMs, batchSize), forgetPlaces)
}

const idsOf = (rows: readonly { id: string }[]) => rows.map(({ id }) => id)

/** Compared once more: a call may have moved on since it was found. */
function forgetPlaces(
  tx: Tx,
  tenantId: string,
  rows: readonly { endpointId: string; callId: string }[],
) {
  const places = rows.map(({ endpointId, callId }) => sql`(${endpointId}, ${callId})`)
  return tx
    .delete(webhookCursors)
    .where(
      and(
        eq(webhookCursors.tenantId, tenantId),
        sql`(${webhookCursors.endpointId}, ${webhookCursors.callId}) in (${sql.join(places, sql`, `)})`,
        sql`${webhookCursors.movedAt} < now() - interval '1 hour'`,
      ),
    )
}

async function eachTenant<Row extends { tenantId: string }>(
  d: Deps,
  found: readonly Row[],
  forget: (tx: Tx, tenantId: string, rows: readonly Row[]) => Promise<unknown>,
): Promise<void> {
  for (const [tenantId, rows] of Map.groupBy(found, (row) => row.tenantId)) {
    await d.database.withTenant(tenantId, (tx) => forget(tx, tenantId, rows))
  }
}
