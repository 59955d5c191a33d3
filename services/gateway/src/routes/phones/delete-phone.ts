import { phoneCredentials, phones, type Database } from '@callwire/db'
import { eq, sql } from 'drizzle-orm'
import { done } from '../../http/reply.ts'
import { idParams, noContent, route } from '../../http/route.ts'
import { actorOf, type RecordAudit } from '../../record-audit.ts'
import { findPhone } from './find-phone.ts'

export function deletePhone(deps: { database: Pick<Database, 'withTenant'>; audit: RecordAudit }) {
  return route({
    method: 'DELETE',
    path: '/phones/:id',
    access: 'phones:write',
    tag: 'phones',
    summary: 'Delete a phone and erase its credentials',
    description: 'Its calls stay. The number may be imported again.',
    params: idParams,
    replies: { 204: noContent },
    handle: async ({ principal, params }) => {
      const { tenantId } = principal
      await deps.database.withTenant(tenantId, async (tx) => {
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
      })
      return done
    },
  })
}
