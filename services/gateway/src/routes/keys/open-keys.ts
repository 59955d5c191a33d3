import type { Principal } from '@callwire/accounts'
import { tenants, type Database } from '@callwire/db'
import { createKeyAudit, createKeyLife, type KeyActor, type KeyLife } from '@callwire/keyring'
import type { Clock, Logger, Random } from '@callwire/runtime'
import { eq } from 'drizzle-orm'
import { ApiError } from '../../http/api-error.ts'
import { first } from '../../http/reply.ts'
import { actorOf } from '../../record-audit.ts'

/**
 * The keys' life, its steps audited as this caller's. Keys are the whole install's: besides the
 * permission, which every tenant's owner has, the tenant must be the operator.
 */
export type OpenKeys = (principal: Principal) => Promise<{ life: KeyLife; by: KeyActor }>

export function createOpenKeys(deps: {
  database: Pick<Database, 'withTenant' | 'keys'>
  clock: Clock
  random: Random
  log: Logger
}): OpenKeys {
  const { database, clock, random, log } = deps
  const { withTenant } = database
  return async (principal) => {
    const { tenantId } = principal
    await withTenant(tenantId, async (tx) => {
      const { isOperator } = first(
        await tx
          .select({ isOperator: tenants.isOperator })
          .from(tenants)
          .where(eq(tenants.tenantId, tenantId)),
      )
      if (isOperator) return
      throw new ApiError(
        'forbidden',
        'Encryption keys belong to the whole install; only the tenant that operates it may see or change them.',
      )
    })
    const operatorTenant = () => Promise.resolve(tenantId)
    const audit = createKeyAudit({ withTenant, operatorTenant, clock, random, log })
    const life = createKeyLife({ keys: database.keys, audit, clock, random })
    return { life, by: actorOf(principal) }
  }
}
