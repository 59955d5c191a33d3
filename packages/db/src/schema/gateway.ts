// idempotency_keys: gateway. callback_inbox: stored by the gateway, applied by the dialer. audit_log: appended by all.
import { integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { keyId, moment, sealed, tenantId } from './columns.ts'

/** One Idempotency-Key of one tenant and route, and the answer it got. */
export const idempotencyKeys = pgTable(
  'idempotency_keys',
  {
    tenantId: tenantId(),
    route: text('route').notNull(),
    key: text('key').notNull(),
    /** Sealed; rows of an earlier form hold a blind index, and name no key. */
    fingerprint: text('fingerprint').notNull(),
    callId: text('call_id').notNull(),
    status: integer('status').notNull(),
    createdAt: moment('created_at').notNull().defaultNow(),
    kid: keyId('kid'),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.route, table.key] })],
)

/** What Exotel said of a call, as it came: answered at once, applied after. The body holds numbers, so it is sealed. */
export const callbackInbox = pgTable(
  'callback_inbox',
  {
    tenantId: tenantId(),
    id: text('id').notNull(),
    callId: text('call_id').notNull(),
    bodySealed: sealed('body_sealed').notNull(),
    receivedAt: moment('received_at').notNull().defaultNow(),
    appliedAt: moment('applied_at'),
    /** What became of it: applied, ignored_rank, ignored_sid, invalid… */
    outcome: text('outcome'),
    /** SHA-256 over sid, event and status, once read: the same news twice. */
    newsHash: text('news_hash'),
    kid: keyId('kid'),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.id] })],
)

/** Who did what. Rows are added and never changed: a trigger refuses anything else. */
export const auditLog = pgTable(
  'audit_log',
  {
    tenantId: tenantId(),
    id: text('id').notNull(),
    at: moment('at').notNull().defaultNow(),
    actorKind: text('actor_kind').$type<'user' | 'api_key' | 'service' | 'operator'>().notNull(),
    actorId: text('actor_id').notNull(),
    action: text('action').notNull(),
    targetKind: text('target_kind'),
    targetId: text('target_id'),
    details: jsonb('details')
      .$type<Record<string, string | number | boolean | null>>()
      .notNull()
      .default({}),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.id] })],
)
