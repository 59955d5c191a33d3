import type { Principal } from '@callwire/accounts'
import { grantableRoles, permissionsOf, type Permission, type Role } from '@callwire/contracts'

/**
 * Whether this caller may give that role to somebody, or manage somebody who has it: a person by
 * the rank of their own role, a key when it holds every permission of the role; owners are made
 * by owners alone.
 */
export function mayGrant(granter: Principal, role: Role): boolean {
  if (granter.kind === 'user') return grantableRoles(granter.role).includes(role)
  return role !== 'owner' && holdsAll(granter, permissionsOf(role))
}

/** Whether this caller holds all of these: nobody hands out more than they have. */
export function holdsAll(
  granter: Pick<Principal, 'permissions'>,
  wanted: Iterable<Permission>,
): boolean {
  for (const permission of wanted) if (!granter.permissions.has(permission)) return false
  return true
}
