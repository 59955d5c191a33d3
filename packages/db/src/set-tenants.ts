import type { Ready } from './in-one-piece.ts'
import { requireTenantId } from './tenant-id.ts'

/**
 * Names the tenants of a transaction that is of several. Ends with the transaction, and lets nothing
 * but the functions for several tenants see a row.
 *
 * @throws DbError `invalid` for what is not the id of a tenant
 */
export function setTenants(items: readonly { tenant_id: string }[]): Ready<unknown> {
  const tenants = new Set(items.map(({ tenant_id: tenantId }) => tenantId))
  for (const tenantId of tenants) requireTenantId(tenantId)
  return {
    name: 'set_tenants',
    text: `select set_config('app.tenants', $1, true)`,
    values: [[...tenants].join(',')],
  }
}
