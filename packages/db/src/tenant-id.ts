import { isId } from '@callwire/contracts'
import { DbError } from './db-error.ts'

/** @throws DbError `invalid` unless this is the id of a tenant, and so may stand in a setting */
export function requireTenantId(tenantId: string): void {
  if (!isId('tenant', tenantId)) {
    throw new DbError({ code: 'invalid', message: 'That is not the id of a tenant' })
  }
}
