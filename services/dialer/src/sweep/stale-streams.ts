import { mediaStreams } from '@callwire/db'
import { changeStatus, loadCall, writeReceiptIfDone, type LedgerWork } from '@callwire/ledger'
import { and, eq, isNull } from 'drizzle-orm'
import type { DialerDeps } from '../deps.ts'
import { forEachCall } from '../for-each-call.ts'

const batchSize = 200
/** Ingest beats every 3 s; five missed beats mean that the socket's process is gone. */
export const STREAM_SILENT_MS = 15_000

/** Rounds come every second: after a pause like this one, something stood still, perhaps all of it. */
const PAUSE_MS = 5_000

type Deps = Pick<DialerDeps, 'ledger' | 'clock' | 'log'> & {
  database: Pick<DialerDeps['database'], 'finder'>
}

/**
 * Sweeps once the database has taken writes for as long as a socket may be silent: time in which
 * nobody could write a heartbeat says nothing of who is gone. Call the result every round.
 *
 * @throws DbError
 */
export function createStaleStreamSweep(
  d: Deps & { database: Pick<DialerDeps['database'], 'ping'> },
): () => Promise<void> {
  let soundSinceMs: number | null = null
  let lastMs = -Infinity
  return async () => {
    const nowMs = d.clock.now()
    if (Math.abs(nowMs - lastMs) > PAUSE_MS) soundSinceMs = null
    try {
      await d.database.ping()
      soundSinceMs ??= nowMs
      if (nowMs - soundSinceMs >= STREAM_SILENT_MS) await sweepStaleStreams(d)
    } catch (error) {
      soundSinceMs = null
      throw error
    } finally {
      lastMs = d.clock.now()
    }
  }
}

/** Ends media streams whose ingest is gone, with the counters it last wrote. */
export async function sweepStaleStreams(d: Deps, silentMs = STREAM_SILENT_MS): Promise<void> {
  const stale = await d.database.finder.staleStreams(silentMs, batchSize)
  await forEachCall(stale, d.log, async ({ tenantId, callId, streamId }) => {
    const ended = await d.ledger.transact(tenantId, callId, (w) =>
      endStream(d, w, { streamId, silentMs }),
    )
    if (ended) d.log.warn({ callId, streamId }, 'lost media stream ended')
  })
}

async function endStream(
  d: Deps,
  w: LedgerWork,
  o: { streamId: string; silentMs: number },
): Promise<boolean> {
  const open = and(eq(mediaStreams.tenantId, w.tenantId), isNull(mediaStreams.endedAt))
  const [stream] = await w.tx
    .select()
    .from(mediaStreams)
    .where(and(open, eq(mediaStreams.id, o.streamId)))
    .for('update')
  const now = new Date(d.clock.now())
  if (stream === undefined || now.getTime() - stream.heartbeatAt.getTime() < o.silentMs) {
    return false
  }
  await w.tx
    .update(mediaStreams)
    .set({ endedAt: now })
    .where(and(open, eq(mediaStreams.id, o.streamId)))
  const { frames, audioMs, duplicated, rewound, gaps } = stream
  await w.append({
    type: 'stream.ended',
    data: { frames, audioMs, duplicated, rewound, gaps, reason: 'lost' },
  })
  await completeInbound(w)
  await writeReceiptIfDone(w, now.getTime())
  return true
}

/** An inbound call is as long as its audio: ingest would have completed it. */
async function completeInbound(w: LedgerWork): Promise<void> {
  const call = await loadCall(w.tx, w.callId)
  if (call?.direction !== 'inbound') return
  const others = await w.tx
    .select({ id: mediaStreams.id })
    .from(mediaStreams)
    .where(
      and(
        eq(mediaStreams.tenantId, w.tenantId),
        eq(mediaStreams.callId, w.callId),
        isNull(mediaStreams.endedAt),
      ),
    )
    .limit(1)
  if (others.length === 0) await changeStatus(w, call, { status: 'completed' })
}
