import {
  listStreamsQuery,
  page,
  STREAM_STALE_AFTER_MS,
  streamSchema,
  type Stream,
} from '@callwire/contracts'
import { calls, mediaStreams, phones, transcriptions, type Database } from '@callwire/db'
import { and, desc, eq, isNull, lt, sql } from 'drizzle-orm'
import { z } from 'zod'
import { decodeCursor, pageOf } from '../../http/cursor.ts'
import { ok } from '../../http/reply.ts'
import { route } from '../../http/route.ts'

/** Milliseconds since a moment, by the clock that wrote it. */
const since = (moment: typeof mediaStreams.openedAt | typeof mediaStreams.heartbeatAt) =>
  sql<number>`greatest(0, floor(extract(epoch from now() - ${moment}) * 1000))`.mapWith(Number)

const columns = {
  id: mediaStreams.id,
  callId: mediaStreams.callId,
  phoneId: calls.phoneId,
  number: phones.number,
  direction: calls.direction,
  sampleRate: mediaStreams.sampleRate,
  openedAt: mediaStreams.openedAt,
  startedAt: mediaStreams.startedAt,
  heartbeatAt: mediaStreams.heartbeatAt,
  ageMs: since(mediaStreams.openedAt),
  heartbeatAgeMs: since(mediaStreams.heartbeatAt),
  frames: mediaStreams.frames,
  framesPerSecond: mediaStreams.framesPerSecond,
  audioMs: mediaStreams.audioMs,
  duplicated: mediaStreams.duplicated,
  rewound: mediaStreams.rewound,
  gaps: mediaStreams.gaps,
  bufferedMs: mediaStreams.bufferedMs,
  clockMs: mediaStreams.clockMs,
  ackedMs: transcriptions.ackedMs,
}

export function listStreams(deps: { database: Pick<Database, 'withTenant'> }) {
  return route({
    method: 'GET',
    path: '/streams',
    access: 'calls:read',
    tag: 'calls',
    summary: 'List the live media sockets, newest first',
    description:
      'As ingest last wrote them, every three seconds; `stale` marks one whose heartbeat stays out.',
    query: listStreamsQuery,
    replies: { 200: page({ streams: z.array(streamSchema) }).meta({ description: 'One page' }) },
    handle: async ({ principal, query }) => {
      const before = query.cursor === undefined ? null : decodeCursor('stream', query.cursor)
      const found = await deps.database.withTenant(principal.tenantId, (tx) =>
        tx
          .select(columns)
          .from(mediaStreams)
          .innerJoin(calls, eq(calls.id, mediaStreams.callId))
          .innerJoin(phones, eq(phones.id, calls.phoneId))
          .leftJoin(transcriptions, eq(transcriptions.callId, mediaStreams.callId))
          .where(
            and(
              isNull(mediaStreams.endedAt),
              query.phoneId === undefined ? undefined : eq(calls.phoneId, query.phoneId),
              query.callId === undefined ? undefined : eq(mediaStreams.callId, query.callId),
              before === null ? undefined : lt(mediaStreams.id, before),
            ),
          )
          .orderBy(desc(mediaStreams.id))
          .limit(query.limit + 1),
      )
      const { rows, nextCursor } = pageOf(found, query.limit)
      return ok(200, { streams: rows.map(viewStream), nextCursor })
    },
  })
}

type Row = Omit<Stream, 'openedAt' | 'startedAt' | 'heartbeatAt' | 'stale' | 'gapsMs' | 'lagMs'> & {
  openedAt: Date
  startedAt: Date | null
  heartbeatAt: Date
  gaps: readonly { fromMs: number; toMs: number }[]
  clockMs: number
  ackedMs: number | null
}

function viewStream({ gaps, clockMs, ackedMs, ...row }: Row): Stream {
  return {
    ...row,
    openedAt: row.openedAt.toISOString(),
    startedAt: row.startedAt?.toISOString() ?? null,
    heartbeatAt: row.heartbeatAt.toISOString(),
    stale: row.heartbeatAgeMs > STREAM_STALE_AFTER_MS,
    gapsMs: gaps.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0),
    lagMs: ackedMs === null ? null : Math.max(0, clockMs - ackedMs),
  }
}
