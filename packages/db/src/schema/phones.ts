// Written by the gateway; the dialer keeps the breaker and answers the checks.
import { boolean, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { keyId, moment, sealed, tenantId } from './columns.ts'

/** An ExoPhone of the tenant. A number is unique within its tenant among phones not deleted. */
export const phones = pgTable(
  'phones',
  {
    tenantId: tenantId(),
    id: text('id').notNull(),
    number: text('number').notNull(),
    country: text('country').notNull(),
    provider: text('provider').$type<'exotel'>().notNull().default('exotel'),
    status: text('status').$type<'active'>().notNull().default('active'),
    tags: text('tags').array().notNull().default([]),
    agentId: text('agent_id'),
    keepRecording: boolean('keep_recording').notNull().default(false),
    /** Refusals of the credentials in a row, and since when the breaker is open. */
    authFailures: integer('auth_failures').notNull().default(0),
    breakerOpenedAt: moment('breaker_opened_at'),
    /** What Exotel presents at the media socket: an id in clear, a secret as a hash. */
    ingestKey: text('ingest_key'),
    ingestTokenHash: text('ingest_token_hash'),
    /** The secret in the phone's resolve and passthru URLs, as a hash. */
    phoneTokenHash: text('phone_token_hash'),
    createdAt: moment('created_at').notNull().defaultNow(),
    deletedAt: moment('deleted_at'),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.id] })],
)

/** A phone's Exotel account. Only the dialer may select the sealed columns. */
export const phoneCredentials = pgTable(
  'phone_credentials',
  {
    tenantId: tenantId(),
    phoneId: text('phone_id').notNull(),
    sid: text('sid').notNull(),
    subdomain: text('subdomain').notNull(),
    version: integer('version').notNull().default(1),
    encApiKey: sealed('enc_api_key').notNull(),
    encApiToken: sealed('enc_api_token').notNull(),
    updatedAt: moment('updated_at').notNull().defaultNow(),
    /** The one key that both columns name. */
    kid: keyId('kid'),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.phoneId] })],
)

/** Whether Exotel takes a phone's credentials: asked for by the gateway, answered by the dialer. */
export const phoneChecks = pgTable(
  'phone_checks',
  {
    tenantId: tenantId(),
    id: text('id').notNull(),
    phoneId: text('phone_id').notNull(),
    state: text('state')
      .$type<'pending' | 'ok' | 'refused' | 'failed'>()
      .notNull()
      .default('pending'),
    code: text('code'),
    message: text('message'),
    retryAfterS: integer('retry_after_s'),
    /** Media streams the account had open then, and may have; null where Exotel did not say. */
    activeStreams: integer('active_streams'),
    streamLimit: integer('stream_limit'),
    createdAt: moment('created_at').notNull().defaultNow(),
    /** Set exactly when the state is no longer pending. */
    finishedAt: moment('finished_at'),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.id] })],
)
