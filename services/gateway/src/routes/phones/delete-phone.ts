import { calls, phoneCredentials, phones, type Database } from '@callwire/db'
import { and, eq, gt, sql } from 'drizzle-orm'
import type { BestEffort } from '../../best-effort.ts'
import { done } from '../../http/reply.ts'
import { idParams, noContent, route } from '../../http/route.ts'
import { actorOf, type RecordAudit } from '../../record-audit.ts'
import { findPhone } from './find-phone.ts'

export function deletePhone(deps: {
  database: Pick<Database, 'withTenant'>
  audit: RecordAudit
  bestEffort: BestEffort
}) {
  /** Calls of a phone that is gone fail when they are due: there is no reason to wait for that. */
  const endWaitingCalls = (tenantId: string, phoneId: string) =>
    deps.database.withTenant(tenantId, async (tx) => {
      await tx
        .update(calls)
        .set({ dueAt: sql`now()` })
        .where(
          and(eq(calls.phoneId, phoneId), eq(calls.status, 'queued'), gt(calls.dueAt, sql`now()`)),
        )
    })

  return route({
    method: 'DELETE',
    path: '/phones/:id',
    access: 'phones:write',
    tag: 'phones',
    summary: 'Delete a phone and erase its credentials',
    description:
      'Its calls stay; those that wait to be dialed fail at once. The number may be imported again.',
    params: idParams,
    replies: { 204: noContent },
    handle: async ({ principal, params }) => {
      const { tenantId } = principal
      const phoneId = await deps.database.withTenant(tenantId, async (tx) => {
        const { id } = await findPhone(tx, params.id, { lock: true })
        await tx.delete(phoneCredentials).where(eq(phoneCredentials.phoneId, id))
        await tx
          .update(phones)
          .set({
            deletedAt: sql`now()`,
            agentId: null,
            ingestKey: null,
            ingestTokenHash: null,
            phoneTokenHash: null,
          })
          .where(eq(phones.id, id))
        await deps.audit(tx, {
          tenantId,
          actor: actorOf(principal),
          action: 'phone.deleted',
          target: { kind: 'phone', id },
        })
        return id
      })
      deps.bestEffort.run('end waiting calls', () => endWaitingCalls(tenantId, phoneId))
      return done
    },
  })
}
