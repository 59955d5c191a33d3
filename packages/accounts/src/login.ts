import { ID_RANDOM_BYTES, newId } from '@callwire/contracts'
import { sessions, users } from '@callwire/db'
import { and, eq } from 'drizzle-orm'
import { mintRefreshToken } from './mint.ts'
import { verifyNothing, verifyPassword } from './password.ts'
import { grantSession, SESSION_IDLE_MS, type SessionDeps, type SessionGrant } from './session.ts'

export type LoginOutcome =
  | { kind: 'ok'; session: SessionGrant }
  /** `known` is for the audit alone: the caller must not learn whether the address exists. */
  | { kind: 'refused'; known: { tenantId: string; userId: string } | null }

/**
 * Signs a person in. A wrong password, an unknown address and a disabled user are refused alike,
 * after the same work. Throws AccountsError `busy` when too many logins are being checked.
 */
export async function login(
  deps: SessionDeps,
  o: { email: string; password: string },
): Promise<LoginOutcome> {
  const found = await deps.database.finder.userByEmail(o.email)
  if (found === null) {
    await verifyNothing(o.password)
    return { kind: 'refused', known: null }
  }
  const { tenantId, id: userId } = found
  const known = { tenantId, userId }
  const [user] = await deps.database.withTenant(tenantId, (tx) =>
    tx
      .select({
        email: users.email,
        role: users.role,
        status: users.status,
        passwordHash: users.passwordHash,
        mustChangePassword: users.mustChangePassword,
      })
      .from(users)
      .where(eq(users.id, userId)),
  )
  const matches =
    user === undefined
      ? await verifyNothing(o.password)
      : await verifyPassword(user.passwordHash, o.password)
  if (user === undefined || !matches || user.status !== 'active') return { kind: 'refused', known }

  const now = new Date(deps.clock.now())
  const sessionId = newId('session', { nowMs: now.getTime(), random: deps.random(ID_RANDOM_BYTES) })
  const refresh = mintRefreshToken(deps.random)
  const opened = await deps.database.withTenant(tenantId, async (tx) => {
    // The password may have been changed, or the user disabled, while the hash was computed.
    const signedIn = await tx
      .update(users)
      .set({ lastLoginAt: now })
      .where(
        and(
          eq(users.id, userId),
          eq(users.status, 'active'),
          eq(users.passwordHash, user.passwordHash),
        ),
      )
      .returning({ id: users.id })
    if (signedIn.length === 0) return false
    await tx.insert(sessions).values({
      tenantId,
      id: sessionId,
      userId,
      familyHash: refresh.familyHash,
      refreshHash: refresh.hash,
      createdAt: now,
      expiresAt: new Date(now.getTime() + SESSION_IDLE_MS),
    })
    return true
  })
  if (!opened) return { kind: 'refused', known }
  const account = { tenantId, userId, ...user }
  const session = await grantSession(deps, { account, sessionId, refreshToken: refresh.token })
  return { kind: 'ok', session }
}
