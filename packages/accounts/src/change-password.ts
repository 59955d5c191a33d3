import { sessions, users, type Database } from '@callwire/db'
import type { Clock } from '@callwire/runtime'
import { and, eq, isNull, ne } from 'drizzle-orm'
import { hashPassword, verifyPassword } from './password.ts'

export type ChangePasswordOutcome =
  /** The user's other sessions were ended: their ids, for whoever holds sockets open for them. */
  | { kind: 'changed'; endedSessions: string[] }
  | { kind: 'wrong_password' }
  /** The new one is the old one. */
  | { kind: 'unchanged' }

/**
 * Changes a person's password and ends their other sessions. Whether the new one is long enough is
 * for the route's schema to say. Throws AccountsError `busy`.
 */
export async function changePassword(
  deps: { database: Pick<Database, 'withTenant'>; clock: Pick<Clock, 'now'> },
  who: { tenantId: string; userId: string; sessionId: string },
  o: { currentPassword: string; newPassword: string },
): Promise<ChangePasswordOutcome> {
  const [user] = await deps.database.withTenant(who.tenantId, (tx) =>
    tx
      .select({ passwordHash: users.passwordHash })
      .from(users)
      .where(and(eq(users.id, who.userId), eq(users.status, 'active'))),
  )
  if (user === undefined || !(await verifyPassword(user.passwordHash, o.currentPassword))) {
    return { kind: 'wrong_password' }
  }
  if (o.currentPassword.normalize('NFKC') === o.newPassword.normalize('NFKC')) {
    return { kind: 'unchanged' }
  }
  const passwordHash = await hashPassword(o.newPassword)
  const ended = await deps.database.withTenant(who.tenantId, async (tx) => {
    // Two changes at once: the second still proved the first's old password, not the new one.
    const changed = await tx
      .update(users)
      .set({ passwordHash, mustChangePassword: false })
      .where(and(eq(users.id, who.userId), eq(users.passwordHash, user.passwordHash)))
      .returning({ id: users.id })
    if (changed.length === 0) return null
    return tx
      .update(sessions)
      .set({ revokedAt: new Date(deps.clock.now()) })
      .where(
        and(
          eq(sessions.userId, who.userId),
          ne(sessions.id, who.sessionId),
          isNull(sessions.revokedAt),
        ),
      )
      .returning({ id: sessions.id })
  })
  if (ended === null) return { kind: 'wrong_password' }
  return { kind: 'changed', endedSessions: ended.map((session) => session.id) }
}
