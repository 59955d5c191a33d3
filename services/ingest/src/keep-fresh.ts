import { statement, type Tx } from '@callwire/db'
import { sql } from 'drizzle-orm'
import type { Counters } from './counters.ts'

/** What a socket's row is told while it is open. */
export type Beat = Counters & {
  id: string
  callId: string
  framesPerSecond: number
  /** Audio that Redis has not taken yet. */
  bufferedMs: number
}

/** What a heartbeat learns from the database. */
export type HeartbeatNews = {
  /** A newer socket took this call, perhaps in another process. */
  replaced: boolean
  /** The call was cancelled: closing the socket is the way to end it at Exotel. */
  canceled: boolean
  /** Somebody took the socket for lost and ended it: what was told then. Null while it is open. */
  ended: Counters | null
}

const tenantId = sql.placeholder('tenantId')

/**
 * A row that somebody holds is not waited for: it is being ended, or told of in the next round.
 * That also keeps statements of several rows from locking each other out. Which of two sockets is
 * newer is told by the database's clock, for an id carries that of a host; one that was newer and has
 * ended was where Exotel went on, all the same.
 */
const keep = statement<{ tenantId: string; beats: string }, HeartbeatNews & { id: string }>(
  'ingest_keep_fresh',
  sql`with beat as (
    select * from jsonb_to_recordset(${sql.placeholder('beats')}::jsonb) as told(
      id text, "callId" text, frames integer, "audioMs" integer, duplicated integer,
      rewound integer, "clockMs" integer, gaps jsonb,
      "framesPerSecond" integer, "bufferedMs" integer
    )
  ), open as (
    select stream.id from media_streams stream join beat on stream.id = beat.id
    where stream.tenant_id = ${tenantId} and stream.ended_at is null
    for no key update of stream skip locked
  ), kept as (
    update media_streams stream set
      frames = beat.frames, audio_ms = beat."audioMs", duplicated = beat.duplicated,
      rewound = beat.rewound, clock_ms = beat."clockMs", gaps = beat.gaps,
      frames_per_second = beat."framesPerSecond", buffered_ms = beat."bufferedMs",
      heartbeat_at = now()
    from beat join open on open.id = beat.id
    where stream.tenant_id = ${tenantId} and stream.id = beat.id
  )
  select beat.id,
    exists (
      select from media_streams newer
      where newer.tenant_id = ${tenantId} and newer.call_id = beat."callId"
        and (newer.opened_at, newer.id) > (own.opened_at, own.id)
    ) as replaced,
    exists (
      select from calls call
      where call.tenant_id = ${tenantId} and call.id = beat."callId" and call.status = 'canceled'
    ) as canceled,
    case when own.ended_at is not null then jsonb_build_object(
      'frames', own.frames, 'audioMs', own.audio_ms, 'duplicated', own.duplicated,
      'rewound', own.rewound, 'clockMs', own.clock_ms, 'gaps', own.gaps
    ) end as ended
  from beat
  left join media_streams own on own.tenant_id = ${tenantId} and own.id = beat.id`,
)

/**
 * Keeps the rows of a tenant's open sockets fresh, so that nobody takes them for dead, and looks
 * for news of their calls. A socket whose end is on record is left as it is, and told so.
 *
 * @throws DbError
 */
export function keepFresh(
  tx: Tx,
  tenant: string,
  beats: readonly Beat[],
): Promise<(HeartbeatNews & { id: string })[]> {
  return keep(tx, { tenantId: tenant, beats: JSON.stringify(beats) })
}
