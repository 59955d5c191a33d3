import {
  replayWebhookBody,
  success,
  WEBHOOK_KEPT_DAYS,
  WEBHOOK_TEST_TYPE,
  type ReplayWebhookBody,
} from '@callwire/contracts'
import type { Database } from '@callwire/db'
import type { Clock } from '@callwire/runtime'
import { z } from 'zod'
import { invalidField } from '../../http/api-error.ts'
import { ok } from '../../http/reply.ts'
import { idParams, route } from '../../http/route.ts'
import type { NewId } from '../../new-id.ts'
import { actorOf, type RecordAudit } from '../../record-audit.ts'
import { requireReadable } from './check-types.ts'
import { findWebhook, requireActive } from './find-webhook.ts'
import { sendOneAgain, sendSpanAgain, type Span } from './send-again.ts'

export function replayWebhook(deps: {
  database: Pick<Database, 'withTenant'>
  newId: NewId
  audit: RecordAudit
  clock: Clock
}) {
  return route({
    method: 'POST',
    path: '/webhooks/:id/replay',
    access: 'webhooks:write',
    tag: 'webhooks',
    summary: 'Send messages again',
    description:
      'One message, or those of a span of time by when their facts happened; without `state` also facts that were never sent. Of types that the webhook is not told of any more nothing is sent. Each keeps its `webhook-id`, so that your system can tell what it has seen.',
    params: idParams,
    body: replayWebhookBody,
    replies: {
      200: success({
        replayed: z.int().min(0).meta({ description: 'How many are on their way' }),
      }).meta({ description: 'On their way' }),
    },
    handle: async ({ principal, params, body }) => {
      const { tenantId } = principal
      const replayed = await deps.database.withTenant(tenantId, async (tx) => {
        // Nobody claims its messages, or changes its types, before they are on their way.
        const webhook = await findWebhook(tx, params.id, { lock: true })
        requireActive(webhook)
        // Of other types nothing is sent: what these take is what every one of its messages takes.
        requireReadable(principal, [...webhook.eventTypes, WEBHOOK_TEST_TYPE])
        const count =
          'deliveryId' in body
            ? await sendOneAgain(tx, webhook, body.deliveryId)
            : await sendSpanAgain(tx, {
                webhook,
                span: spanOf(body, deps.clock.now()),
                newId: deps.newId,
              })
        await deps.audit(tx, {
          tenantId,
          actor: actorOf(principal),
          action: 'webhook.replayed',
          target: { kind: 'webhook', id: webhook.id },
          details: {
            ...('deliveryId' in body ? { deliveryId: body.deliveryId } : { since: body.since }),
            count,
          },
        })
        return count
      })
      return ok(200, { replayed })
    },
  })
}

const DAY_MS = 86_400_000

function spanOf(body: Exclude<ReplayWebhookBody, { deliveryId: string }>, nowMs: number): Span {
  const since = new Date(body.since)
  const until = body.until === undefined ? new Date(nowMs) : new Date(body.until)
  if (until <= since) throw invalidField('body.until', 'must be after since')
  if (since.getTime() < nowMs - WEBHOOK_KEPT_DAYS * DAY_MS) {
    throw invalidField(
      'body.since',
      `goes back further than the ${WEBHOOK_KEPT_DAYS} days that messages are kept`,
    )
  }
  return { since, until, state: body.state }
}
