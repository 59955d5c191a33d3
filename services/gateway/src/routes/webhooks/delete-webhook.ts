import { webhookDeliveries, webhookEndpoints, webhookSecrets, type Database } from '@callwire/db'
import { and, eq, sql } from 'drizzle-orm'
import { done } from '../../http/reply.ts'
import { idParams, noContent, route } from '../../http/route.ts'
import { actorOf, type RecordAudit } from '../../record-audit.ts'
import { findWebhook } from './find-webhook.ts'

export function deleteWebhook(deps: {
  database: Pick<Database, 'withTenant'>
  audit: RecordAudit
}) {
  return route({
    method: 'DELETE',
    path: '/webhooks/:id',
    access: 'webhooks:write',
    tag: 'webhooks',
    summary: 'Delete a webhook',
    description: 'Its secrets are gone with it, and nothing more is sent.',
    params: idParams,
    replies: { 204: noContent },
    handle: async ({ principal, params }) => {
      const { tenantId } = principal
      await deps.database.withTenant(tenantId, async (tx) => {
        const { id } = await findWebhook(tx, params.id, { lock: true })
        const now = sql`now()`
        await tx.delete(webhookSecrets).where(eq(webhookSecrets.endpointId, id))
        await tx
          .update(webhookDeliveries)
          .set({ state: 'dead', finishedAt: now, owner: null, ownedUntil: null })
          .where(and(eq(webhookDeliveries.endpointId, id), eq(webhookDeliveries.state, 'pending')))
        await tx.update(webhookEndpoints).set({ deletedAt: now }).where(eq(webhookEndpoints.id, id))
        await deps.audit(tx, {
          tenantId,
          actor: actorOf(principal),
          action: 'webhook.deleted',
          target: { kind: 'webhook', id },
        })
      })
      return done
    },
  })
}
