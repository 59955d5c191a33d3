import { rotateWebhookSecretQuery, success, webhookWithSecretSchema } from '@callwire/contracts'
import type { Database } from '@callwire/db'
import { ok } from '../../http/reply.ts'
import { idParams, route } from '../../http/route.ts'
import { actorOf, type RecordAudit } from '../../record-audit.ts'
import { findWebhook } from './find-webhook.ts'
import type { WebhookSecrets } from './webhook-secrets.ts'
import { viewWebhook } from './webhook-view.ts'

export function rotateSecret(deps: {
  database: Pick<Database, 'withTenant'>
  audit: RecordAudit
  webhookSecrets: WebhookSecrets
}) {
  return route({
    method: 'POST',
    path: '/webhooks/:id/secret',
    access: 'webhooks:write',
    tag: 'webhooks',
    summary: 'Make a new signing secret',
    description:
      'Shown this once. For a day messages are signed with the former one too, so that your system can change over at its leisure.',
    params: idParams,
    query: rotateWebhookSecretQuery,
    replies: {
      200: success({ webhook: webhookWithSecretSchema }).meta({
        description: 'With the new secret',
      }),
    },
    handle: async ({ principal, params, query }) => {
      const { tenantId } = principal
      const { overlapHours } = query
      const rotated = await deps.database.withTenant(tenantId, async (tx) => {
        const row = await findWebhook(tx, params.id, { lock: true })
        const secret = await deps.webhookSecrets.rotate(tx, {
          tenantId,
          endpointId: row.id,
          overlapHours,
        })
        await deps.audit(tx, {
          tenantId,
          actor: actorOf(principal),
          action: 'webhook.secret_rotated',
          target: { kind: 'webhook', id: row.id },
          details: { overlapHours },
        })
        return { ...viewWebhook(row), secret }
      })
      return ok(200, { webhook: rotated })
    },
  })
}
