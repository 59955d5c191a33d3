import { createWebhookBody, success, webhookWithSecretSchema } from '@callwire/contracts'
import { tenants, webhookEndpoints, type Database } from '@callwire/db'
import { eq, isNull } from 'drizzle-orm'
import { ApiError } from '../../http/api-error.ts'
import { first, ok } from '../../http/reply.ts'
import { route } from '../../http/route.ts'
import type { NewId } from '../../new-id.ts'
import { actorOf, type RecordAudit } from '../../record-audit.ts'
import { checkTarget } from './check-target.ts'
import { requireReadable } from './check-types.ts'
import type { WebhookSecrets } from './webhook-secrets.ts'
import { viewWebhook } from './webhook-view.ts'

/** Each fact is looked at once for every webhook of its tenant. */
export const MAX_WEBHOOKS = 20

export function createWebhook(deps: {
  database: Pick<Database, 'withTenant'>
  newId: NewId
  audit: RecordAudit
  webhookSecrets: WebhookSecrets
  webhookHosts: readonly string[]
}) {
  return route({
    method: 'POST',
    path: '/webhooks',
    access: 'webhooks:write',
    tag: 'webhooks',
    summary: 'Have events sent to a system of yours',
    description:
      'Each event of these types is posted to `url` in the form of Standard Webhooks, at least once, until it is answered with a 2xx. `secret` is shown this once: check `webhook-signature` with it.',
    body: createWebhookBody,
    replies: {
      201: success({ webhook: webhookWithSecretSchema }).meta({ description: 'The new webhook' }),
    },
    handle: async ({ principal, body }) => {
      const { tenantId } = principal
      const url = checkTarget(body.url, deps.webhookHosts)
      const eventTypes = [...new Set(body.eventTypes)]
      requireReadable(principal, eventTypes)
      const id = deps.newId('webhookEndpoint')
      const { description = '' } = body
      const created = await deps.database.withTenant(tenantId, async (tx) => {
        // Two at once are counted one after the other.
        await tx
          .select({ id: tenants.tenantId })
          .from(tenants)
          .where(eq(tenants.tenantId, tenantId))
          .for('update')
        if (
          (await tx.$count(webhookEndpoints, isNull(webhookEndpoints.deletedAt))) >= MAX_WEBHOOKS
        ) {
          throw new ApiError('conflict', `There may be ${MAX_WEBHOOKS} webhooks; delete one first.`)
        }
        const row = first(
          await tx
            .insert(webhookEndpoints)
            .values({ tenantId, id, url, description, eventTypes })
            .returning(),
        )
        const secret = await deps.webhookSecrets.add(tx, { tenantId, endpointId: id })
        await deps.audit(tx, {
          tenantId,
          actor: actorOf(principal),
          action: 'webhook.created',
          target: { kind: 'webhook', id },
          details: { host: new URL(url).host, eventTypes: eventTypes.join(',') },
        })
        return { ...viewWebhook(row), secret }
      })
      return ok(201, { webhook: created })
    },
  })
}
