import type { Permission, Role } from '@callwire/contracts'

/** A person who signed in. */
export type UserPrincipal = {
  kind: 'user'
  tenantId: string
  /** The user's id. */
  id: string
  sessionId: string
  /** As it stands in the database now, whatever the token says. */
  role: Role
  permissions: ReadonlySet<Permission>
  /** The one-time password is still in use: nothing but its change is allowed. */
  mustChangePassword: boolean
}

/** A program with an API key. */
export type ApiKeyPrincipal = {
  kind: 'api_key'
  tenantId: string
  /** The key's id. */
  id: string
  sessionId: null
  role: 'api'
  /** The key's scopes. */
  permissions: ReadonlySet<Permission>
  mustChangePassword: false
}

/** Who asks. */
export type Principal = UserPrincipal | ApiKeyPrincipal
