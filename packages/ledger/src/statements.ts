// What every fact passes: built once, planned once for each connection.
import type { EventType } from '@callwire/contracts'
import { callEvents, callHeads, statement } from '@callwire/db'
import { sql } from 'drizzle-orm'
import type { EventRow } from './event-row.ts'

const value = (name: string) => sql.placeholder(name)

type StoredHead = { seq: number; hash: string; lastType: EventType | null }

export const lockHead = statement<{ tenantId: string; callId: string }, StoredHead>(
  'ledger_lock_head',
  sql`select seq, hash, last_type as "lastType" from ${callHeads}
    where tenant_id = ${value('tenantId')} and call_id = ${value('callId')}
    for no key update`,
)

export const insertHead = statement<{ tenantId: string; callId: string; hash: string }, never>(
  'ledger_insert_head',
  sql`insert into ${callHeads} (tenant_id, call_id, hash)
    values (${value('tenantId')}, ${value('callId')}, ${value('hash')})`,
)

export const storeHead = statement<{ tenantId: string; callId: string } & StoredHead, never>(
  'ledger_store_head',
  sql`update ${callHeads}
    set seq = ${value('seq')}, hash = ${value('hash')}, last_type = ${value('lastType')},
      changed_at = clock_timestamp()
    where tenant_id = ${value('tenantId')} and call_id = ${value('callId')}`,
)

export const insertEvent = statement<{ tenantId: string } & EventRow, never>(
  'ledger_insert_event',
  sql`insert into ${callEvents}
      (tenant_id, call_id, seq, id, type, at, data, salt, commit, hash, erased)
    values (${value('tenantId')}, ${value('callId')}, ${value('seq')}, ${value('id')},
      ${value('type')}, ${value('at')}, ${value('data')}, ${value('salt')}, ${value('commit')},
      ${value('hash')}, ${value('erased')})`,
)
