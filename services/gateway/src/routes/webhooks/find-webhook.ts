import { isId } from '@callwire/contracts'
import { webhookEndpoints, type Tx } from '@callwire/db'
import { and, eq, isNull } from 'drizzle-orm'
import { ApiError, notFound } from '../../http/api-error.ts'
import type { WebhookRow } from './webhook-view.ts'

/**
 * The webhook of this tenant.
 *
 * @throws ApiError `not_found` also when it is another tenant's, deleted, or no id at all
 */
export async function findWebhook(
  tx: Tx,
  id: string,
  o: { lock?: boolean } = {},
): Promise<WebhookRow> {
  if (!isId('webhookEndpoint', id)) throw notFound('webhook')
  const query = tx
    .select()
    .from(webhookEndpoints)
    .where(and(eq(webhookEndpoints.id, id), isNull(webhookEndpoints.deletedAt)))
  const [row] = await (o.lock === true ? query.for('update') : query)
  if (row === undefined) throw notFound('webhook')
  return row
}

/** @throws ApiError `conflict` for one that is turned off: nothing would be sent */
export function requireActive(row: WebhookRow): void {
  if (row.status === 'active') return
  throw new ApiError('conflict', 'This webhook is turned off; enable it first.')
}
