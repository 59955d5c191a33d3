import { success, webhookSchema } from '@callwire/contracts'
import { webhookEndpoints, type Database } from '@callwire/db'
import { eq } from 'drizzle-orm'
import { first, ok } from '../../http/reply.ts'
import { idParams, route } from '../../http/route.ts'
import { actorOf, type RecordAudit } from '../../record-audit.ts'
import { findWebhook } from './find-webhook.ts'
import { switched } from './switch-webhook.ts'
import { viewWebhook } from './webhook-view.ts'

export function enableWebhook(deps: {
  database: Pick<Database, 'withTenant'>
  audit: RecordAudit
}) {
  return route({
    method: 'POST',
    path: '/webhooks/:id/enable',
    access: 'webhooks:write',
    tag: 'webhooks',
    summary: 'Turn a webhook on again',
    description:
      'It is told of what happens from now on, and of what was waiting when it was turned off. For what happened between, ask with `/replay`.',
    params: idParams,
    replies: { 200: success({ webhook: webhookSchema }).meta({ description: 'As it is now' }) },
    handle: async ({ principal, params }) => {
      const { tenantId } = principal
      const row = await deps.database.withTenant(tenantId, async (tx) => {
        const found = await findWebhook(tx, params.id, { lock: true })
        if (found.status === 'active') return found
        await deps.audit(tx, {
          tenantId,
          actor: actorOf(principal),
          action: 'webhook.enabled',
          target: { kind: 'webhook', id: found.id },
          details: { was: found.disabledReason },
        })
        return first(
          await tx
            .update(webhookEndpoints)
            .set(switched(found, 'active'))
            .where(eq(webhookEndpoints.id, found.id))
            .returning(),
        )
      })
      return ok(200, { webhook: viewWebhook(row) })
    },
  })
}
