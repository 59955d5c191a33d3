import { permissionSchema, type Permission } from '@callwire/contracts'

/**
 * Who may use a route: anybody; a person who signed in; or whoever holds a permission, person or
 * program.
 */
export type Access = 'public' | 'session' | Permission

/** The access a route declared, or null when it declared none. `config` is a route's own. */
export function accessOf(config: unknown): Access | null {
  if (typeof config !== 'object' || config === null || !('access' in config)) return null
  const { access } = config
  if (access === 'public' || access === 'session') return access
  const permission = permissionSchema.safeParse(access)
  return permission.success ? permission.data : null
}
