import { success, webhookSchema } from '@callwire/contracts'
import type { Database } from '@callwire/db'
import { ok } from '../../http/reply.ts'
import { idParams, route } from '../../http/route.ts'
import { findWebhook } from './find-webhook.ts'
import { viewWebhook } from './webhook-view.ts'

export function getWebhook(deps: { database: Pick<Database, 'withTenant'> }) {
  return route({
    method: 'GET',
    path: '/webhooks/:id',
    access: 'webhooks:read',
    tag: 'webhooks',
    summary: 'One webhook',
    params: idParams,
    replies: { 200: success({ webhook: webhookSchema }).meta({ description: 'The webhook' }) },
    handle: async ({ principal, params }) => {
      const row = await deps.database.withTenant(principal.tenantId, (tx) =>
        findWebhook(tx, params.id),
      )
      return ok(200, { webhook: viewWebhook(row) })
    },
  })
}
