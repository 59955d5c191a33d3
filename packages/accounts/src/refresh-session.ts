import { sessions, users } from '@callwire/db'
import { and, eq, gt, isNull } from 'drizzle-orm'
import { mintRefreshToken, parseRefreshToken } from './mint.ts'
import { grantSession, SESSION_IDLE_MS, type SessionDeps, type SessionGrant } from './session.ts'

export type RefreshOutcome =
  | { kind: 'ok'; session: SessionGrant }
  | { kind: 'refused' }
  /** A token came a second time: one of two copies is stolen, so the session was ended. */
  | { kind: 'reused'; tenantId: string; userId: string; sessionId: string }

/** Exchanges a refresh token for a new pair; each token works once (RFC 9700 section 4.14.2). */
export async function refreshSession(
  deps: SessionDeps,
  refreshToken: string,
): Promise<RefreshOutcome> {
  const presented = parseRefreshToken(refreshToken)
  if (presented === null) return { kind: 'refused' }
  const found = await deps.database.finder.refreshTokenByHash(presented.familyHash)
  if (found === null) return { kind: 'refused' }
  const { tenantId, id: sessionId } = found
  const now = new Date(deps.clock.now())
  const next = mintRefreshToken(deps.random, presented.family)
  const alive = and(
    eq(sessions.id, sessionId),
    isNull(sessions.revokedAt),
    gt(sessions.expiresAt, now),
  )

  const outcome = await deps.database.withTenant(tenantId, async (tx) => {
    const [rotated] = await tx
      .update(sessions)
      .set({ refreshHash: next.hash, expiresAt: new Date(now.getTime() + SESSION_IDLE_MS) })
      .where(and(alive, eq(sessions.refreshHash, presented.hash)))
      .returning({ userId: sessions.userId })
    if (rotated === undefined) {
      const [revoked] = await tx
        .update(sessions)
        .set({ revokedAt: now })
        .where(alive)
        .returning({ userId: sessions.userId })
      return revoked === undefined
        ? ({ kind: 'refused' } as const)
        : ({ kind: 'reused', userId: revoked.userId } as const)
    }
    const [user] = await tx
      .select({
        email: users.email,
        role: users.role,
        mustChangePassword: users.mustChangePassword,
      })
      .from(users)
      .where(and(eq(users.id, rotated.userId), eq(users.status, 'active')))
    return user === undefined
      ? ({ kind: 'refused' } as const)
      : ({ kind: 'ok', account: { tenantId, userId: rotated.userId, ...user } } as const)
  })

  switch (outcome.kind) {
    case 'refused':
      return outcome
    case 'reused':
      return { kind: 'reused', tenantId, userId: outcome.userId, sessionId }
    case 'ok': {
      const { account } = outcome
      const session = await grantSession(deps, { account, sessionId, refreshToken: next.token })
      return { kind: 'ok', session }
    }
  }
}
