import { tenants, type Tx } from '@callwire/db'
import { eq } from 'drizzle-orm'
import { ApiError } from '../../http/api-error.ts'
import { first } from '../../http/reply.ts'

/**
 * Makes sure that the tenant is the one that operates the install: every tenant's owner has the
 * permission, and what is everybody's is not everybody's to change.
 *
 * @throws ApiError `forbidden`
 */
export async function requireOperator(tx: Tx, tenantId: string): Promise<void> {
  const { isOperator } = first(
    await tx
      .select({ isOperator: tenants.isOperator })
      .from(tenants)
      .where(eq(tenants.tenantId, tenantId)),
  )
  if (isOperator) return
  throw new ApiError(
    'forbidden',
    'This switch is the whole install’s; only the tenant that operates it may use it. `POST /dialing/pause` pauses your own calls.',
  )
}
