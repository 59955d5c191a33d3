import { page, pageQuery, webhookSchema } from '@callwire/contracts'
import { webhookEndpoints, type Database } from '@callwire/db'
import { and, desc, isNull, lt } from 'drizzle-orm'
import { z } from 'zod'
import { decodeCursor, pageOf } from '../../http/cursor.ts'
import { ok } from '../../http/reply.ts'
import { route } from '../../http/route.ts'
import { viewWebhook } from './webhook-view.ts'

export function listWebhooks(deps: { database: Pick<Database, 'withTenant'> }) {
  return route({
    method: 'GET',
    path: '/webhooks',
    access: 'webhooks:read',
    tag: 'webhooks',
    summary: 'List webhooks, newest first',
    query: z.strictObject(pageQuery),
    replies: { 200: page({ webhooks: z.array(webhookSchema) }).meta({ description: 'One page' }) },
    handle: async ({ principal, query }) => {
      const before =
        query.cursor === undefined ? null : decodeCursor('webhookEndpoint', query.cursor)
      const found = await deps.database.withTenant(principal.tenantId, (tx) =>
        tx
          .select()
          .from(webhookEndpoints)
          .where(
            and(
              isNull(webhookEndpoints.deletedAt),
              before === null ? undefined : lt(webhookEndpoints.id, before),
            ),
          )
          .orderBy(desc(webhookEndpoints.id))
          .limit(query.limit + 1),
      )
      const { rows, nextCursor } = pageOf(found, query.limit)
      return ok(200, { webhooks: rows.map(viewWebhook), nextCursor })
    },
  })
}
