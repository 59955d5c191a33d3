// Written by accounts (a tenant is made) and the gateway (its settings).
import type { CallingHours } from '@callwire/contracts'
import { bigint, boolean, integer, jsonb, pgTable, text } from 'drizzle-orm/pg-core'
import { moment, tenantId } from './columns.ts'

/** A customer of the install. Its own id is its `tenant_id`, so one policy serves every table. */
export const tenants = pgTable('tenants', {
  tenantId: tenantId().primaryKey(),
  name: text('name').notNull(),
  /** The tenant an empty install starts with; the first real tenant takes its place. */
  isDefault: boolean('is_default').notNull().default(false),
  /** Its administrators may run the install's own affairs. At most one. */
  isOperator: boolean('is_operator').notNull().default(false),
  dialingPaused: boolean('dialing_paused').notNull().default(false),
  /** How long a call may wait past its time before it is given up; null: for ever. */
  expireAfterMs: bigint('expire_after_ms', { mode: 'number' }).default(86_400_000),
  /** Calls at once, null: as many as come. The account's counts all tenants on it. */
  capTenant: integer('cap_tenant'),
  capPhone: integer('cap_phone'),
  capAccount: integer('cap_account'),
  /** When people may be called, by their own clock; null: at any time. */
  callingHours: jsonb('calling_hours').$type<CallingHours>(),
  /** Live media sockets at once; null: as many as come. */
  capStreams: integer('cap_streams'),
  /** Days that live audio nobody has read stays in Redis; 0: an hour. */
  retainAudioDays: integer('retain_audio_days').notNull().default(0),
  /** Days after a call's end; null: until somebody erases it. */
  retainRecordingsDays: integer('retain_recordings_days'),
  retainWordsDays: integer('retain_words_days'),
  retainNumbersDays: integer('retain_numbers_days'),
  createdAt: moment('created_at').notNull().defaultNow(),
})
