import {
  eventTypes as everyType,
  patchWebhookBody,
  success,
  webhookSchema,
  type PatchWebhookBody,
} from '@callwire/contracts'
import { webhookDeliveries, webhookEndpoints, type Database, type Tx } from '@callwire/db'
import { and, eq, inArray } from 'drizzle-orm'
import { first, ok } from '../../http/reply.ts'
import { idParams, route } from '../../http/route.ts'
import { actorOf, type RecordAudit } from '../../record-audit.ts'
import { checkTarget } from './check-target.ts'
import { requireReadable, unreadableOf } from './check-types.ts'
import { findWebhook } from './find-webhook.ts'
import { switched } from './switch-webhook.ts'
import { viewWebhook, type WebhookRow } from './webhook-view.ts'

export function patchWebhook(deps: {
  database: Pick<Database, 'withTenant'>
  audit: RecordAudit
  webhookHosts: readonly string[]
}) {
  return route({
    method: 'PATCH',
    path: '/webhooks/:id',
    access: 'webhooks:write',
    tag: 'webhooks',
    summary: 'Change a webhook, or turn it off',
    description:
      'What is already waiting to be sent goes to the new address; of types that are taken away nothing is sent any more, and what waits of them is dead when its turn comes. Takes the right to read every type that it had and will have, and for a new address every message that it keeps.',
    params: idParams,
    body: patchWebhookBody,
    replies: { 200: success({ webhook: webhookSchema }).meta({ description: 'As it is now' }) },
    handle: async ({ principal, params, body }) => {
      const { tenantId } = principal
      const url = body.url === undefined ? undefined : checkTarget(body.url, deps.webhookHosts)
      const row = await deps.database.withTenant(tenantId, async (tx) => {
        const found = await findWebhook(tx, params.id, { lock: true })
        const changes = changesOf(found, { ...body, url })
        if (Object.keys(changes).length === 0) return found
        // Also of what is taken away: it may wait still, and can be given back and asked for again.
        requireReadable(principal, [...found.eventTypes, ...(changes.eventTypes ?? [])])
        if (changes.url !== undefined) await requireKeptReadable(tx, principal, found.id)
        const changed = first(
          await tx
            .update(webhookEndpoints)
            .set({ ...changes, ...switched(found, body.status) })
            .where(eq(webhookEndpoints.id, found.id))
            .returning(),
        )
        await deps.audit(tx, {
          tenantId,
          actor: actorOf(principal),
          action: 'webhook.changed',
          target: { kind: 'webhook', id: found.id },
          details: {
            fields: Object.keys(changes).join(','),
            ...(changes.url === undefined ? {} : { host: new URL(changes.url).host }),
            ...(changes.eventTypes === undefined
              ? {}
              : { eventTypes: changes.eventTypes.join(',') }),
            ...(changes.status === undefined ? {} : { status: changes.status }),
          },
        })
        return changed
      })
      return ok(200, { webhook: viewWebhook(row) })
    },
  })
}

/** A new address may be told again of everything that the old one was, however long ago. */
async function requireKeptReadable(
  tx: Tx,
  principal: Parameters<typeof requireReadable>[0],
  endpointId: string,
): Promise<void> {
  const unreadable = unreadableOf(principal, everyType)
  // Who may read everything need not wait for the look through a month of messages.
  if (unreadable.length === 0) return
  const kept = await tx
    .select({ eventType: webhookDeliveries.eventType })
    .from(webhookDeliveries)
    .where(
      and(
        eq(webhookDeliveries.endpointId, endpointId),
        inArray(webhookDeliveries.eventType, unreadable),
      ),
    )
    .limit(1)
  requireReadable(
    principal,
    kept.map(({ eventType }) => eventType),
  )
}

type Changes = Partial<Pick<WebhookRow, 'url' | 'description' | 'eventTypes' | 'status'>>

/** What is asked for and is not so already. */
function changesOf(
  row: WebhookRow,
  body: Omit<PatchWebhookBody, 'url'> & { url: string | undefined },
): Changes {
  const { url, description, status } = body
  const eventTypes = body.eventTypes === undefined ? undefined : [...new Set(body.eventTypes)]
  return {
    ...(url === undefined || url === row.url ? {} : { url }),
    ...(description === undefined || description === row.description ? {} : { description }),
    ...(eventTypes === undefined || eventTypes.join() === row.eventTypes.join()
      ? {}
      : { eventTypes }),
    ...(status === undefined || status === row.status ? {} : { status }),
  }
}
