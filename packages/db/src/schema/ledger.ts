// Written by packages/ledger, from every service that has facts.
import type { EventType } from '@callwire/contracts'
import { boolean, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { moment, sealed, tenantId } from './columns.ts'

/** The last seq and hash of each call. Locked before anything else about a call changes. */
export const callHeads = pgTable(
  'call_heads',
  {
    tenantId: tenantId(),
    callId: text('call_id').notNull(),
    seq: integer('seq').notNull().default(0),
    hash: text('hash').notNull(),
    lastType: text('last_type').$type<EventType>(),
    changedAt: moment('changed_at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.callId] })],
)

/** The facts. `data` is canonical JSON text: jsonb would reorder its keys and break the hashes. */
export const callEvents = pgTable(
  'call_events',
  {
    tenantId: tenantId(),
    callId: text('call_id').notNull(),
    seq: integer('seq').notNull(),
    id: text('id').notNull(),
    type: text('type').$type<EventType>().notNull(),
    at: moment('at').notNull(),
    data: text('data'),
    salt: text('salt'),
    commit: text('commit').notNull(),
    hash: text('hash').notNull(),
    erased: boolean('erased').notNull().default(false),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.callId, table.seq] })],
)

/** What an event hides: the original words, the digit pressed. Sealed under the call's data key. */
export const callSecrets = pgTable(
  'call_secrets',
  {
    tenantId: tenantId(),
    callId: text('call_id').notNull(),
    seq: integer('seq').notNull(),
    field: text('field').notNull(),
    sealed: sealed('sealed').notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.callId, table.seq, table.field] })],
)
