import { isUniqueViolation, statement } from '@callwire/db'
import { sql } from 'drizzle-orm'
import type { DialerDeps } from '../deps.ts'
import type { Attempt } from './begin-dial.ts'

type Binding = { tenantId: string; callId: string; fence: number; sid: string; at: string }

/**
 * Takes the head's lock like everybody who changes a call; the row itself is compared as it stands
 * once the lock is had. An accepted call also ends the refusals in a row of its phone.
 */
const bindSid = statement<Binding, { bound: boolean }>(
  'bind_placed',
  sql`
  with head as (
    select h.call_id from call_heads h
    where h.tenant_id = ${sql.placeholder('tenantId')}::text
      and h.call_id = ${sql.placeholder('callId')}::text
    for no key update
  ), placed as (
    update calls c set sid = ${sql.placeholder('sid')}::text,
      dialed_at = coalesce(c.dialed_at, ${sql.placeholder('at')}::timestamptz),
      heard_at = ${sql.placeholder('at')}::timestamptz
    from head
    where c.tenant_id = ${sql.placeholder('tenantId')}::text and c.id = head.call_id
      and c.fence = ${sql.placeholder('fence')}::integer and c.sid is null
      and not exists (select from calls o
        where o.tenant_id = ${sql.placeholder('tenantId')}::text
          and o.sid = ${sql.placeholder('sid')}::text)
    returning c.tenant_id, c.phone_id
  ), accepted as (
    update phones p set auth_failures = 0 from placed
    where p.tenant_id = placed.tenant_id and p.id = placed.phone_id and p.auth_failures <> 0
  )
  select exists (select from placed) as bound`,
)

/**
 * Keeps the Sid of a call that went as most do: the attempt still holds it, nothing was heard of it
 * yet, and no other call has that Sid. False, and nothing is done, in every other case.
 */
export async function bindAtOnce(
  d: Pick<DialerDeps, 'database' | 'clock'>,
  attempt: Attempt,
  sid: string,
): Promise<boolean> {
  const { tenantId, call, fence } = attempt
  const at = new Date(d.clock.now()).toISOString()
  const binding = bindSid.with({ tenantId, callId: call.id, fence, sid, at })
  try {
    const [[row]] = await d.database.atOnce(tenantId, binding)
    return row?.bound ?? false
  } catch (error) {
    // Another call took the Sid in this very moment.
    if (isUniqueViolation(error, 'calls_sid')) return false
    throw error
  }
}
