// media_streams, stream_tokens: ingest (the dialer mints tokens, and closes what ingest left open).
// transcriptions: made by ingest, then the transcriber's.
import { integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { moment, tenantId } from './columns.ts'

/** One media socket of one call. */
export const mediaStreams = pgTable(
  'media_streams',
  {
    tenantId: tenantId(),
    id: text('id').notNull(),
    callId: text('call_id').notNull(),
    streamSid: text('stream_sid').notNull(),
    sampleRate: integer('sample_rate').notNull(),
    /** 16 random bytes, base64url: the salt of this socket's sub-key. */
    keySalt: text('key_salt').notNull(),
    /** Where this socket begins on the call's clock. */
    clockStartMs: integer('clock_start_ms').notNull().default(0),
    /** How far the call's clock is, as of the last heartbeat or the end. */
    clockMs: integer('clock_ms').notNull().default(0),
    openedAt: moment('opened_at').notNull().defaultNow(),
    startedAt: moment('started_at'),
    heartbeatAt: moment('heartbeat_at').notNull().defaultNow(),
    endedAt: moment('ended_at'),
    frames: integer('frames').notNull().default(0),
    audioMs: integer('audio_ms').notNull().default(0),
    duplicated: integer('duplicated').notNull().default(0),
    rewound: integer('rewound').notNull().default(0),
    gaps: jsonb('gaps').$type<{ fromMs: number; toMs: number }[]>().notNull().default([]),
    /** As of the last heartbeat: media messages a second, and audio that Redis has not taken yet. */
    framesPerSecond: integer('frames_per_second').notNull().default(0),
    bufferedMs: integer('buffered_ms').notNull().default(0),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.id] })],
)

/** A per-call secret in the path of a media socket's URL, as a hash; burnt when the stream starts. */
export const streamTokens = pgTable(
  'stream_tokens',
  {
    tenantId: tenantId(),
    id: text('id').notNull(),
    tokenHash: text('token_hash').notNull(),
    callId: text('call_id'),
    phoneId: text('phone_id').notNull(),
    createdAt: moment('created_at').notNull().defaultNow(),
    expiresAt: moment('expires_at').notNull(),
    burntAt: moment('burnt_at'),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.id] })],
)

/** How far the words of a call are. One row per call that had audio. */
export const transcriptions = pgTable(
  'transcriptions',
  {
    tenantId: tenantId(),
    callId: text('call_id').notNull(),
    state: text('state').$type<'pending' | 'done'>().notNull().default('pending'),
    /** Raised by each transcriber that takes the stream: only its holder may append words. */
    fence: integer('fence').notNull().default(0),
    /** Redis stream id up to which all words are final. */
    ackedId: text('acked_id').notNull().default('0-0'),
    /** The call's clock at {@link ackedId}. */
    ackedMs: integer('acked_ms').notNull().default(0),
    updatedAt: moment('updated_at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.callId] })],
)
