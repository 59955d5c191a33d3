// install, never_call: gateway. account_requests: the dialer. tenant_alerts: whoever finds something out.
import type { AlertSeverity } from '@callwire/contracts'
import { sql } from 'drizzle-orm'
import { boolean, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { keyId, moment, sealed, tenantId } from './columns.ts'

/** The install's own switch: at most one row, no tenant's. None: dialing was never paused. */
export const install = pgTable('install', {
  id: boolean('id').primaryKey().default(true),
  dialingPaused: boolean('dialing_paused').notNull().default(false),
  pausedReason: text('paused_reason'),
  changedAt: moment('changed_at').notNull().defaultNow(),
})

/** People a tenant must not call: the number sealed, found by a keyed index, shown masked. */
export const neverCall = pgTable(
  'never_call',
  {
    tenantId: tenantId(),
    id: text('id').notNull(),
    personSealed: sealed('person_sealed').notNull(),
    personMasked: text('person_masked').notNull(),
    /** Begins with the id of its own key; sealed anew together with the number. */
    personIndex: text('person_index').notNull(),
    reason: text('reason').notNull(),
    expiresAt: moment('expires_at'),
    createdAt: moment('created_at').notNull().defaultNow(),
    createdBy: text('created_by').notNull(),
    kid: keyId('kid'),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.id] })],
)

/** Requests to Exotel accounts, as long as a budget looks back. No tenant's: accounts are shared. */
export const accountRequests = pgTable(
  'account_requests',
  {
    accountSid: text('account_sid').notNull(),
    id: text('id').notNull(),
    at: moment('at')
      .notNull()
      .default(sql`clock_timestamp()`),
  },
  (table) => [primaryKey({ columns: [table.accountSid, table.id] })],
)

/** Alerts about no call; those about one are facts of its ledger. */
export const tenantAlerts = pgTable(
  'tenant_alerts',
  {
    tenantId: tenantId(),
    id: text('id').notNull(),
    code: text('code').notNull(),
    severity: text('severity').$type<AlertSeverity>().notNull(),
    message: text('message').notNull(),
    /** Ids of what it is about. */
    about: jsonb('about').$type<Record<string, string>>().notNull().default({}),
    at: moment('at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.id] })],
)
