import { apiKeys, sessions, users, type Database } from '@callwire/db'
import { and, eq, isNull } from 'drizzle-orm'
import type { Consumer } from './identify.ts'

/** How often open sockets are asked about in Postgres: an announced revocation may have been lost. */
export const RECHECK_MS = 60_000

/** Whether the key, or the session and its user, that a socket was opened with are still good. */
export async function isStillValid(
  database: Pick<Database, 'withTenant'>,
  consumer: Consumer,
): Promise<boolean> {
  const found = await database.withTenant(consumer.tenantId, (tx) =>
    consumer.kind === 'api_key'
      ? tx
          .select({ id: apiKeys.id })
          .from(apiKeys)
          .where(and(eq(apiKeys.id, consumer.id), isNull(apiKeys.revokedAt)))
      : tx
          .select({ id: users.id })
          .from(users)
          .innerJoin(
            sessions,
            and(eq(sessions.tenantId, users.tenantId), eq(sessions.userId, users.id)),
          )
          .where(
            and(
              eq(users.id, consumer.id),
              eq(users.status, 'active'),
              eq(sessions.id, consumer.sessionId ?? ''),
              isNull(sessions.revokedAt),
            ),
          ),
  )
  return found.length > 0
}
