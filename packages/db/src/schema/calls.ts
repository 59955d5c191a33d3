// Rows are made by the gateway (outbound) and ingest (inbound); after that the status is the dialer's,
// ingest's (`start` of a media socket) and the gateway's (cancel), each under the head's lock.
import type { CallCandidate, CallLeg, CallStatus, Direction } from '@callwire/contracts'
import { boolean, integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { keyId, moment, sealed, tenantId } from './columns.ts'

/** One call. The other person's number is `to` outbound and `from` inbound: sealed, indexed blind, shown masked. */
export const calls = pgTable(
  'calls',
  {
    tenantId: tenantId(),
    id: text('id').notNull(),
    phoneId: text('phone_id').notNull(),
    agentId: text('agent_id'),
    direction: text('direction').$type<Direction>().notNull(),
    /** Null once the number was erased. */
    personSealed: sealed('person_sealed'),
    personMasked: text('person_masked').notNull(),
    /** Begins with the id of its own key; sealed anew together with the number. Null with it. */
    personIndex: text('person_index'),
    status: text('status').$type<CallStatus>().notNull(),
    reasonCode: text('reason_code'),
    reasonMessage: text('reason_message'),
    sid: text('sid'),
    /** Raised at every dial and whenever an attempt is taken from its dialer: only its holder may write the outcome. */
    fence: integer('fence').notNull().default(0),
    /** Which wake-up of the dialer is the next: part of the job's id. */
    attempt: integer('attempt').notNull().default(1),
    priority: integer('priority').notNull().default(0),
    record: boolean('record').notNull().default(false),
    timeLimitSeconds: integer('time_limit_seconds'),
    allowConcurrent: boolean('allow_concurrent').notNull().default(false),
    metadataSealed: sealed('metadata_sealed'),
    createdAt: moment('created_at').notNull().defaultNow(),
    scheduleAt: moment('schedule_at'),
    /** Not to be dialed before this: schedule, Retry-After or the account's budget. */
    dueAt: moment('due_at').notNull().defaultNow(),
    dialingAt: moment('dialing_at'),
    dialedAt: moment('dialed_at'),
    unknownAt: moment('unknown_at'),
    answeredAt: moment('answered_at'),
    endedAt: moment('ended_at'),
    durationSeconds: integer('duration_seconds'),
    /** Last time Exotel was asked about this call, or spoke of it. */
    heardAt: moment('heard_at'),
    recordingUrlSealed: sealed('recording_url_sealed'),
    /** The Exotel account that an attempt was begun with. */
    accountSid: text('account_sid'),
    /** Whom that attempt rang first: an agent's number, '' for the other person, null before version 8. */
    rangFirst: text('rang_first'),
    legs: jsonb('legs').$type<CallLeg[]>(),
    /** What a person chooses from while the call is parked. */
    candidates: jsonb('candidates').$type<CallCandidate[]>(),
    wordsErasedAt: moment('words_erased_at'),
    numberErasedAt: moment('number_erased_at'),
    personKid: keyId('person_kid'),
    metadataKid: keyId('metadata_kid'),
    recordingUrlKid: keyId('recording_url_kid'),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.id] })],
)

/** The key that seals a call's audio and words, wrapped by the content ring. Deleting the row erases them. */
export const callKeys = pgTable(
  'call_keys',
  {
    tenantId: tenantId(),
    callId: text('call_id').notNull(),
    wrapped: sealed('wrapped').notNull(),
    createdAt: moment('created_at').notNull().defaultNow(),
    kid: keyId('kid'),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.callId] })],
)
