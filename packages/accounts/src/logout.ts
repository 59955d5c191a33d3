import { sessions, type Database } from '@callwire/db'
import type { Clock } from '@callwire/runtime'
import { and, eq, isNull } from 'drizzle-orm'

/** Ends a session: its tokens are worth nothing from now on. False when it had ended before. */
export async function logout(
  deps: { database: Pick<Database, 'withTenant'>; clock: Pick<Clock, 'now'> },
  o: { tenantId: string; sessionId: string },
): Promise<boolean> {
  const ended = await deps.database.withTenant(o.tenantId, (tx) =>
    tx
      .update(sessions)
      .set({ revokedAt: new Date(deps.clock.now()) })
      .where(and(eq(sessions.id, o.sessionId), isNull(sessions.revokedAt)))
      .returning({ id: sessions.id }),
  )
  return ended.length > 0
}
