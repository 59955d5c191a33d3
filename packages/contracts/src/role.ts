import { z } from 'zod'

/** What a person can be in a tenant. */
export const roles = ['owner', 'admin', 'supervisor', 'agent', 'analyst', 'auditor'] as const
export const roleSchema = z.enum(roles)
export type Role = z.infer<typeof roleSchema>

/** What a route can ask for. Every route declares exactly one of these, or `public`. */
export const permissions = [
  'phones:read',
  'phones:write',
  'credentials:write',
  'agents:read',
  'agents:write',
  'calls:read',
  'calls:place',
  'calls:reconcile',
  'never_call:read',
  'never_call:write',
  'webhooks:read',
  'webhooks:write',
  'transcripts:read',
  'pii:read',
  'users:read',
  'users:write',
  'keys:read',
  'keys:write',
  'settings:read',
  'settings:write',
  'audit:read',
  'encryption:read',
  'encryption:write',
  'install:write',
] as const
export const permissionSchema = z.enum(permissions)
export type Permission = z.infer<typeof permissionSchema>

const reading = ['phones:read', 'agents:read', 'calls:read', 'transcripts:read'] as const
const everything: readonly Permission[] = permissions

const granted: Readonly<Record<Role, readonly Permission[]>> = {
  owner: everything,
  admin: everything,
  supervisor: [
    ...reading,
    'agents:write',
    'calls:place',
    'calls:reconcile',
    'never_call:read',
    'never_call:write',
    'users:read',
    'settings:read',
  ],
  agent: [...reading, 'calls:place'],
  analyst: reading,
  auditor: [
    ...reading,
    'users:read',
    'keys:read',
    'settings:read',
    'audit:read',
    'never_call:read',
    'webhooks:read',
    'encryption:read',
  ],
}

/** The permissions of a role. */
export function permissionsOf(role: Role): ReadonlySet<Permission> {
  return new Set(granted[role])
}

/** Roles a person of this role may give to others: nobody hands out more than they hold. */
export function grantableRoles(role: Role): readonly Role[] {
  if (role === 'owner') return roles
  if (role === 'admin') return roles.filter((other) => other !== 'owner')
  return []
}
