// Endpoints and secrets: gateway. Cursors and deliveries: the courier; a person may ask for one again.
import { integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { keyId, moment, sealed, tenantId } from './columns.ts'

/** Where a tenant wants to be told of which facts. */
export const webhookEndpoints = pgTable(
  'webhook_endpoints',
  {
    tenantId: tenantId(),
    id: text('id').notNull(),
    url: text('url').notNull(),
    description: text('description').notNull().default(''),
    eventTypes: text('event_types').array().notNull(),
    status: text('status').$type<'active' | 'disabled'>().notNull().default('active'),
    disabledReason: text('disabled_reason').$type<'person' | 'gone' | 'failing'>(),
    /** Since when nothing got through; null while the last delivery did. */
    failingSince: moment('failing_since'),
    createdAt: moment('created_at').notNull().defaultNow(),
    deletedAt: moment('deleted_at'),
    /** Facts from this moment on are delivered. */
    startsAt: moment('starts_at').notNull().defaultNow(),
    /** How far the courier has looked through the heads of calls. */
    scannedTo: moment('scanned_to').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.id] })],
)

/** What an endpoint's messages are signed with: the newest, and older ones until they expire. */
export const webhookSecrets = pgTable(
  'webhook_secrets',
  {
    tenantId: tenantId(),
    id: text('id').notNull(),
    endpointId: text('endpoint_id').notNull(),
    sealed: sealed('sealed').notNull(),
    createdAt: moment('created_at').notNull().defaultNow(),
    expiresAt: moment('expires_at'),
    kid: keyId('kid'),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.id] })],
)

/** Up to which fact of a call deliveries to an endpoint have been written. */
export const webhookCursors = pgTable(
  'webhook_cursors',
  {
    tenantId: tenantId(),
    endpointId: text('endpoint_id').notNull(),
    callId: text('call_id').notNull(),
    seq: integer('seq').notNull(),
    movedAt: moment('moved_at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.endpointId, table.callId] })],
)

/** One message for one endpoint, about a fact or an alert, and how its delivery goes. */
export const webhookDeliveries = pgTable(
  'webhook_deliveries',
  {
    tenantId: tenantId(),
    id: text('id').notNull(),
    endpointId: text('endpoint_id').notNull(),
    eventType: text('event_type').notNull(),
    callId: text('call_id'),
    seq: integer('seq'),
    alertId: text('alert_id'),
    state: text('state').$type<'pending' | 'delivered' | 'dead'>().notNull().default('pending'),
    attempts: integer('attempts').notNull().default(0),
    owner: text('owner'),
    ownedUntil: moment('owned_until'),
    createdAt: moment('created_at').notNull().defaultNow(),
    dueAt: moment('due_at').notNull().defaultNow(),
    lastAttemptAt: moment('last_attempt_at'),
    lastStatus: integer('last_status'),
    lastError: text('last_error'),
    finishedAt: moment('finished_at'),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.id] })],
)
