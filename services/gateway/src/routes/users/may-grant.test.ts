import type { Principal } from '@callwire/accounts'
import { permissions, permissionsOf, roles, type Permission, type Role } from '@callwire/contracts'
import { describe, expect, it } from 'vitest'
import { holdsAll, mayGrant } from './may-grant.ts'

const person = (role: Role): Principal => ({
  kind: 'user',
  tenantId: 'ten_1',
  id: 'usr_1',
  sessionId: 'ses_1',
  role,
  permissions: permissionsOf(role),
  mustChangePassword: false,
})
const key = (scopes: readonly Permission[]): Principal => ({
  kind: 'api_key',
  tenantId: 'ten_1',
  id: 'key_1',
  sessionId: null,
  role: 'api',
  permissions: new Set(scopes),
  mustChangePassword: false,
})

const allowed = (granter: Principal) => roles.filter((role) => mayGrant(granter, role))

describe('mayGrant', () => {
  it.each<[string, Principal, readonly Role[]]>([
    ['an owner', person('owner'), roles],
    ['an admin', person('admin'), roles.filter((role) => role !== 'owner')],
    ['a supervisor', person('supervisor'), []],
    ['an auditor', person('auditor'), []],
    ['a key with everything', key(permissions), roles.filter((role) => role !== 'owner')],
    ['a key that manages users only', key(['users:write']), []],
    ['a key that reads', key([...permissionsOf('analyst'), 'users:write']), ['analyst']],
  ])('%s', (_who, granter, expected) => {
    expect(allowed(granter)).toEqual(expected)
  })
})

describe('holdsAll', () => {
  it('needs every one', () => {
    expect(holdsAll(key(['calls:read', 'calls:place']), ['calls:read'])).toBe(true)
    expect(holdsAll(key(['calls:read']), ['calls:read', 'calls:place'])).toBe(false)
  })
})
