import { sql, type SQL } from 'drizzle-orm'
import type { WebhookRow } from './webhook-view.ts'

/** The columns that change when a webhook is turned on or off. */
export type Switched = {
  status?: WebhookRow['status']
  disabledReason?: WebhookRow['disabledReason']
  failingSince?: null
  startsAt?: SQL
  scannedTo?: SQL
}

/**
 * Turned on, it begins anew: with what happens from now on, and with what was waiting when it was
 * turned off. What happened between is sent when somebody asks for it.
 */
export function switched(
  row: Pick<WebhookRow, 'status'>,
  status: WebhookRow['status'] | undefined,
): Switched {
  if (status === undefined || status === row.status) return {}
  if (status === 'disabled') return { status, disabledReason: 'person' }
  const now = sql`now()`
  return { status, disabledReason: null, failingSince: null, startsAt: now, scannedTo: now }
}
