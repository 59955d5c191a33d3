import { isUniqueViolation, tenants, users } from '@callwire/db'
import { idOf, type ProvisionDeps } from './create-tenant.ts'
import { mintPassword } from './mint.ts'
import { hashPassword } from './password.ts'

/** The first person of an install that has nobody yet. */
export const DEFAULT_EMAIL = 'admin@localhost'

export type DefaultTenant = {
  tenantId: string
  userId: string
  email: string
  /** One-time: it must be changed at first sign-in. Shown this once. */
  password: string
}

/** Gives an empty install its `default` tenant; null when there is any tenant already. */
export async function ensureDefaultTenant(deps: ProvisionDeps): Promise<DefaultTenant | null> {
  if (!(await deps.provisioner.isEmpty())) return null
  const password = mintPassword(deps.random)
  const passwordHash = await hashPassword(password)
  const tenantId = idOf(deps, 'tenant')
  const userId = idOf(deps, 'user')
  const email = DEFAULT_EMAIL
  try {
    await deps.provisioner.withTenant(tenantId, async (tx) => {
      await tx
        .insert(tenants)
        .values({ tenantId, name: 'default', isDefault: true, isOperator: true })
      await tx.insert(users).values({
        tenantId,
        id: userId,
        email,
        passwordHash,
        role: 'owner',
        mustChangePassword: true,
      })
    })
  } catch (error) {
    // Another start made it in the same moment, and printed its password.
    if (isUniqueViolation(error)) return null
    throw error
  }
  return { tenantId, userId, email, password }
}
