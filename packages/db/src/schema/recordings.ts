// Written by the transcriber; erased by the dialer; read by the gateway.
import { integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { keyId, moment, sealed, tenantId } from './columns.ts'

/** Our own copy of a call's audio. Without `wrapped`, its key, the objects in the store are noise. */
export const recordings = pgTable(
  'recordings',
  {
    tenantId: tenantId(),
    id: text('id').notNull(),
    callId: text('call_id').notNull(),
    wrapped: sealed('wrapped'),
    kid: keyId('kid'),
    /** Up to here on the call's clock, all audio is in a part. */
    recordedMs: integer('recorded_ms').notNull().default(0),
    createdAt: moment('created_at').notNull().defaultNow(),
    finishedAt: moment('finished_at'),
    erasedAt: moment('erased_at'),
    /** When the last object of an erased recording was gone from the store, too. */
    removedAt: moment('removed_at'),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.id] })],
)

/** One sealed object in the store: the audio of some seconds of the call's clock as a WAV. */
export const recordingParts = pgTable(
  'recording_parts',
  {
    tenantId: tenantId(),
    recordingId: text('recording_id').notNull(),
    fromMs: integer('from_ms').notNull(),
    toMs: integer('to_ms').notNull(),
    sampleRate: integer('sample_rate').notNull(),
    objectKey: text('object_key').notNull(),
    /** Of the sealed object. */
    bytes: integer('bytes').notNull(),
    createdAt: moment('created_at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.recordingId, table.fromMs] })],
)
