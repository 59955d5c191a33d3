import type { Principal } from '@callwire/accounts'
import { users, type Tx } from '@callwire/db'
import { and, eq, ne } from 'drizzle-orm'
import { ApiError } from '../../http/api-error.ts'
import { mayGrant } from './may-grant.ts'
import type { UserRow } from './user-view.ts'

/**
 * Refuses to touch somebody of higher rank, and oneself: a slip of the hand must lock nobody out.
 *
 * @throws ApiError `forbidden` or `conflict`
 */
export function checkManageable(principal: Principal, user: UserRow): void {
  if (!mayGrant(principal, user.role)) {
    throw new ApiError('forbidden', 'You may not manage somebody of this role.')
  }
  if (principal.kind === 'user' && principal.id === user.id) {
    throw new ApiError('conflict', 'Nobody changes or deletes their own account here.')
  }
}

/**
 * Refuses when nobody else would own the tenant. Owners are locked first, so that two of them
 * cannot remove each other at the same moment.
 */
export async function checkOwnerRemains(tx: Tx, leaving: UserRow): Promise<void> {
  if (leaving.role !== 'owner') return
  const others = await tx
    .select({ id: users.id })
    .from(users)
    .where(and(eq(users.role, 'owner'), eq(users.status, 'active'), ne(users.id, leaving.id)))
    .for('update')
  if (others.length === 0) throw new ApiError('conflict', 'A tenant keeps at least one owner.')
}
