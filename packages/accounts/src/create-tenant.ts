import {
  emailSchema,
  ID_RANDOM_BYTES,
  newId,
  permissionsOf,
  type IdKind,
} from '@callwire/contracts'
import {
  apiKeys,
  auditLog,
  isUniqueViolation,
  tenants,
  users,
  type Provisioner,
  type Tx,
} from '@callwire/db'
import type { Clock, Random } from '@callwire/runtime'
import { and, eq, isNull } from 'drizzle-orm'
import { AccountsError } from './accounts-error.ts'
import { mintApiKey, mintPassword } from './mint.ts'
import { hashPassword } from './password.ts'

export type ProvisionDeps = {
  provisioner: Pick<Provisioner, 'withTenant' | 'isEmpty' | 'unusedDefault' | 'operator'>
  clock: Pick<Clock, 'now'>
  random: Random
}

export type NewTenant = {
  tenantId: string
  userId: string
  email: string
  /** Permanent; shown once. */
  password: string
  /** With every permission of an admin; shown once. */
  apiKey: string
}

/**
 * Makes a tenant with an owner and an API key. It takes the place of the default tenant while
 * nobody ever signed in to that, and is added otherwise. The first of an install operates it.
 *
 * Throws AccountsError `email_taken` (addresses are unique across the install), `invalid_email` or
 * `invalid_name`.
 */
export async function createTenant(
  deps: ProvisionDeps,
  o: { name: string; email: string },
): Promise<NewTenant> {
  const email = emailSchema.safeParse(o.email.trim()).data
  if (email === undefined) throw new AccountsError('invalid_email')
  const name = o.name.trim()
  if (name.length < 1 || name.length > 200) throw new AccountsError('invalid_name')
  const password = mintPassword(deps.random)
  const owner = { name, email, passwordHash: await hashPassword(password) }
  try {
    const taken = await takeDefault(deps, owner)
    const made = taken ?? (await addFirstOrNext(deps, owner))
    return { ...made, email, password }
  } catch (error) {
    if (isUniqueViolation(error, 'users_email')) throw new AccountsError('email_taken')
    throw error
  }
}

type Owner = { name: string; email: string; passwordHash: string }
type Made = { tenantId: string; userId: string; apiKey: string }

async function takeDefault(deps: ProvisionDeps, owner: Owner): Promise<Made | null> {
  const unused = await deps.provisioner.unusedDefault()
  if (unused === null) return null
  const { tenantId, userId } = unused
  return deps.provisioner.withTenant(tenantId, async (tx) => {
    const { email, passwordHash } = owner
    // Checked again under the row's lock: its owner may be signing in at this moment.
    const replaced = await tx
      .update(users)
      .set({ email, passwordHash, mustChangePassword: false })
      .where(and(eq(users.id, userId), isNull(users.lastLoginAt)))
      .returning({ id: users.id })
    if (replaced.length === 0) return null
    await tx
      .update(tenants)
      .set({ name: owner.name, isDefault: false })
      .where(eq(tenants.tenantId, tenantId))
    return { tenantId, userId, apiKey: await finish(deps, tx, tenantId) }
  })
}

async function addFirstOrNext(deps: ProvisionDeps, owner: Owner): Promise<Made> {
  const isOperator = (await deps.provisioner.operator()) === null
  try {
    return await addTenant(deps, owner, isOperator)
  } catch (error) {
    // Another tenant became the first in the same moment.
    if (!isUniqueViolation(error, 'tenants_one_operator')) throw error
    return addTenant(deps, owner, false)
  }
}

async function addTenant(deps: ProvisionDeps, owner: Owner, isOperator: boolean): Promise<Made> {
  const tenantId = idOf(deps, 'tenant')
  const userId = idOf(deps, 'user')
  const { email, passwordHash } = owner
  return deps.provisioner.withTenant(tenantId, async (tx) => {
    await tx.insert(tenants).values({ tenantId, name: owner.name, isOperator })
    await tx.insert(users).values({ tenantId, id: userId, email, passwordHash, role: 'owner' })
    return { tenantId, userId, apiKey: await finish(deps, tx, tenantId) }
  })
}

async function finish(deps: ProvisionDeps, tx: Tx, tenantId: string): Promise<string> {
  const { secret, hash, hint } = mintApiKey(deps.random)
  const id = idOf(deps, 'apiKey')
  const scopes = [...permissionsOf('admin')]
  await tx.insert(apiKeys).values({ tenantId, id, name: 'first key', keyHash: hash, hint, scopes })
  await tx.insert(auditLog).values({
    tenantId,
    id: idOf(deps, 'audit'),
    actorKind: 'operator',
    actorId: 'operator',
    action: 'tenant.created',
    targetKind: 'tenant',
    targetId: tenantId,
  })
  return secret
}

export function idOf(deps: Pick<ProvisionDeps, 'clock' | 'random'>, kind: IdKind): string {
  return newId(kind, { nowMs: deps.clock.now(), random: deps.random(ID_RANDOM_BYTES) })
}
