import { listWebhookDeliveriesQuery, page, webhookDeliverySchema } from '@callwire/contracts'
import { webhookDeliveries, type Database } from '@callwire/db'
import { and, desc, eq, lt } from 'drizzle-orm'
import { z } from 'zod'
import { decodeCursor, pageOf } from '../../http/cursor.ts'
import { ok } from '../../http/reply.ts'
import { idParams, route } from '../../http/route.ts'
import { findWebhook } from './find-webhook.ts'
import { viewDelivery } from './webhook-view.ts'

export function listDeliveries(deps: { database: Pick<Database, 'withTenant'> }) {
  return route({
    method: 'GET',
    path: '/webhooks/:id/deliveries',
    access: 'webhooks:read',
    tag: 'webhooks',
    summary: "A webhook's messages of the last 30 days, newest first",
    params: idParams,
    query: listWebhookDeliveriesQuery,
    replies: {
      200: page({ deliveries: z.array(webhookDeliverySchema) }).meta({ description: 'One page' }),
    },
    handle: async ({ principal, params, query }) => {
      const before =
        query.cursor === undefined ? null : decodeCursor('webhookMessage', query.cursor)
      const found = await deps.database.withTenant(principal.tenantId, async (tx) => {
        const { id } = await findWebhook(tx, params.id)
        return tx
          .select()
          .from(webhookDeliveries)
          .where(
            and(
              eq(webhookDeliveries.endpointId, id),
              query.state === undefined ? undefined : eq(webhookDeliveries.state, query.state),
              before === null ? undefined : lt(webhookDeliveries.id, before),
            ),
          )
          .orderBy(desc(webhookDeliveries.id))
          .limit(query.limit + 1)
      })
      const { rows, nextCursor } = pageOf(found, query.limit)
      return ok(200, { deliveries: rows.map(viewDelivery), nextCursor })
    },
  })
}
