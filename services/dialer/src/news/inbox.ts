import { statement } from '@callwire/db'
import type { Sealed } from '@callwire/crypto'
import { sql } from 'drizzle-orm'

type OfCall = { tenantId: string; callId: string }

/** What came of a call and was not applied yet, in the order it came. */
export const pendingCallbacks = statement<
  OfCall & { most: number },
  { id: string; bodySealed: Sealed }
>(
  'pending_callbacks',
  sql`
  select b.id, b.body_sealed as "bodySealed" from callback_inbox b
  where b.tenant_id = ${sql.placeholder('tenantId')}::text
    and b.call_id = ${sql.placeholder('callId')}::text and b.applied_at is null
  order by b.received_at, b.id limit ${sql.placeholder('most')}::integer`,
)

/** Writes down what became of a callback. */
export const markTaken = statement<
  { tenantId: string; id: string; at: string; outcome: string; newsHash: string | null },
  never
>(
  'mark_callback_taken',
  sql`
  update callback_inbox b set applied_at = ${sql.placeholder('at')}::timestamptz,
    outcome = ${sql.placeholder('outcome')}::text, news_hash = ${sql.placeholder('newsHash')}::text
  where b.tenant_id = ${sql.placeholder('tenantId')}::text and b.id = ${sql.placeholder('id')}::text`,
)
