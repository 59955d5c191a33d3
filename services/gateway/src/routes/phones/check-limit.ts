import { phoneChecks, tenants, type Tx } from '@callwire/db'
import { desc, eq, sql } from 'drizzle-orm'
import { ApiError } from '../../http/api-error.ts'

/**
 * Each check takes a request from the budget of whatever account it names, and accounts are shared,
 * also by tenants: without a limit one tenant could keep another's calls from being dialed.
 */
const mostPerMinute = 20
const windowS = 60

/**
 * Lets a tenant check so many times in a minute, counted one request after the other.
 *
 * @throws ApiError `rate_limited`
 */
export async function limitChecks(tx: Tx, tenantId: string): Promise<void> {
  // Not the lock that foreign keys wait for: nothing but checks and settings queues up here.
  await tx
    .select({ tenantId: tenants.tenantId })
    .from(tenants)
    .where(eq(tenants.tenantId, tenantId))
    .for('no key update')
  const [oldest] = await tx
    .select({
      ageS: sql<number>`extract(epoch from clock_timestamp() - ${phoneChecks.createdAt})::float8`,
    })
    .from(phoneChecks)
    .where(eq(phoneChecks.tenantId, tenantId))
    .orderBy(desc(phoneChecks.createdAt))
    .offset(mostPerMinute - 1)
    .limit(1)
  if (oldest === undefined || oldest.ageS >= windowS) return
  throw new ApiError('rate_limited', 'Too many checks of credentials; wait a moment.', {
    retryAfterS: Math.max(1, Math.ceil(windowS - oldest.ageS)),
  })
}
