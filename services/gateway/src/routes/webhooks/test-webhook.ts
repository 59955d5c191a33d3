import {
  success,
  WEBHOOK_TEST_CODE,
  WEBHOOK_TEST_TYPE,
  webhookDeliverySchema,
} from '@callwire/contracts'
import { tenantAlerts, webhookDeliveries, type Database } from '@callwire/db'
import { first, ok } from '../../http/reply.ts'
import { idParams, route } from '../../http/route.ts'
import type { NewId } from '../../new-id.ts'
import { actorOf, type RecordAudit } from '../../record-audit.ts'
import { findWebhook, requireActive } from './find-webhook.ts'
import { viewDelivery } from './webhook-view.ts'

export function testWebhook(deps: {
  database: Pick<Database, 'withTenant'>
  newId: NewId
  audit: RecordAudit
}) {
  return route({
    method: 'POST',
    path: '/webhooks/:id/test',
    access: 'webhooks:write',
    tag: 'webhooks',
    summary: 'Send a message to try it out',
    description: `Its type is \`${WEBHOOK_TEST_TYPE}\`; it is signed, sent and tried again like any other. How it goes is among the deliveries.`,
    params: idParams,
    replies: {
      202: success({ delivery: webhookDeliverySchema }).meta({ description: 'On its way' }),
    },
    handle: async ({ principal, params }) => {
      const { tenantId } = principal
      const row = await deps.database.withTenant(tenantId, async (tx) => {
        const webhook = await findWebhook(tx, params.id)
        requireActive(webhook)
        const [alertId, id] = [deps.newId('alert'), deps.newId('webhookMessage')]
        await tx.insert(tenantAlerts).values({
          tenantId,
          id: alertId,
          code: WEBHOOK_TEST_CODE,
          severity: 'info',
          message: 'A person asked for this message, to see whether it arrives.',
          about: { webhookId: webhook.id },
        })
        const inserted = first(
          await tx
            .insert(webhookDeliveries)
            .values({ tenantId, id, endpointId: webhook.id, eventType: WEBHOOK_TEST_TYPE, alertId })
            .returning(),
        )
        await deps.audit(tx, {
          tenantId,
          actor: actorOf(principal),
          action: 'webhook.tested',
          target: { kind: 'webhook', id: webhook.id },
          details: { deliveryId: id },
        })
        return inserted
      })
      return ok(202, { delivery: viewDelivery(row) })
    },
  })
}
