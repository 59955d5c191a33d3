import { apiKeys, sessions, users, type Database } from '@callwire/db'
import type { Role } from '@callwire/contracts'
import { and, eq, gt, isNull, sql } from 'drizzle-orm'
import type { Consumer } from './identify.ts'
import type { Registry } from './socket/registry.ts'

/**
 * Whether what a consumer came with is still good: its key, or its session, with a user who is
 * active and has the same role.
 */
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
              eq(users.role, consumer.role as Role),
              eq(sessions.id, consumer.sessionId ?? ''),
              isNull(sessions.revokedAt),
              gt(sessions.expiresAt, sql`now()`),
            ),
          ),
  )
  return found.length > 0
}

/** Ends the connections of whoever lost their key or session; each is asked about once. */
export async function recheckAll(
  registry: Pick<Registry, 'all'>,
  isValid: (consumer: Consumer) => Promise<boolean>,
): Promise<void> {
  const answers = new Map<string, boolean>()
  for (const member of registry.all()) {
    const { consumer } = member
    if (consumer === null) continue
    const { tenantId, id, sessionId, role } = consumer
    const key = JSON.stringify([tenantId, id, sessionId, role])
    const valid = answers.get(key) ?? (await isValid(consumer))
    answers.set(key, valid)
    if (!valid) member.revoke()
  }
}
