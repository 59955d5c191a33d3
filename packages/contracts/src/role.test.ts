import { expect, test } from 'vitest'
import { grantableRoles, permissions, permissionsOf, roles, type Permission } from './role.ts'

test('nobody can hand out more than they hold', () => {
  for (const role of roles) {
    for (const other of grantableRoles(role)) {
      for (const permission of permissionsOf(other))
        expect(permissionsOf(role)).toContain(permission)
    }
  }
})

test('only owners and admins may see numbers in clear', () => {
  expect(roles.filter((role) => permissionsOf(role).has('pii:read'))).toEqual(['owner', 'admin'])
})

test('only owners and admins move the keys that seal, and auditors may watch', () => {
  const holding = (permission: Permission) =>
    roles.filter((role) => permissionsOf(role).has(permission))
  expect(holding('encryption:write')).toEqual(['owner', 'admin'])
  expect(holding('encryption:read')).toEqual(['owner', 'admin', 'auditor'])
})

test('every permission is held by somebody', () => {
  const held = new Set(roles.flatMap((role) => [...permissionsOf(role)]))
  expect([...held].sort()).toEqual([...permissions].sort())
})
