import { sql } from 'drizzle-orm'
import type { Tx } from './transaction.ts'

/**
 * How many tenants the install has, as this transaction sees it: for what only an install of one
 * tenant may do. The finder's own `tenantCount` asks on a connection of its own.
 */
export async function tenantCountIn(tx: Tx): Promise<number> {
  const { rows } = await tx.execute<{ count: number }>(sql`select finder.tenant_count() as count`)
  return rows[0]?.count ?? 0
}
