import { sealWithDataKey } from '@callwire/crypto'
import { mediaStreams, transcriptions } from '@callwire/db'
import { changeStatus, loadCall, writeReceiptIfDone, type LedgerWork } from '@callwire/ledger'
import { and, eq, isNotNull, isNull, ne, sql } from 'drizzle-orm'
import type { IngestContext } from './context.ts'
import type { OpenStream } from './open-stream.ts'
import { clockStartOf } from './prior-clock.ts'
import { nothingCounted, sinceRow, type Counters } from './counters.ts'

export type FactDeps = Pick<IngestContext, 'database' | 'ledger' | 'clock'>

/** The first audio of a socket: says so, and that there are words to come. Once, also if repeated. */
export function recordStarted(
  { ledger }: FactDeps,
  stream: OpenStream,
  arrivedAtMs: number,
): Promise<void> {
  return ledger.transact(stream.tenantId, stream.callId, async (work) => {
    const startedAt = new Date(arrivedAtMs)
    const rows = await work.tx
      .update(mediaStreams)
      .set({ startedAt, clockStartMs: clockStartOf(stream.prior, arrivedAtMs) })
      .where(and(ownRow(stream), isNull(mediaStreams.startedAt)))
      .returning({ id: mediaStreams.id })
    if (rows.length === 0) return
    await expectWords(work)
    await appendStarted(work, stream, startedAt)
  })
}

/**
 * A socket that somebody took for lost, and that is alive: it is open again, and there are words to
 * come. Its row counts on from what its end told. Once, also if repeated.
 *
 * @param atMs - epoch ms, when it was found to be alive
 */
export function recordReopened(
  { ledger }: FactDeps,
  stream: OpenStream,
  atMs: number,
): Promise<void> {
  return ledger.transact(stream.tenantId, stream.callId, async (work) => {
    const { clockMs: _stays, ...counted } = nothingCounted
    const [row] = await work.tx
      .update(mediaStreams)
      .set({ ...counted, endedAt: null, heartbeatAt: sql`now()` })
      .where(and(ownRow(stream), isNotNull(mediaStreams.endedAt)))
      .returning({ startedAt: mediaStreams.startedAt })
    // Without audio so far, its beginning is still to be told.
    if (row === undefined || row.startedAt === null) return
    await expectWords(work)
    await appendStarted(work, stream, new Date(atMs))
  })
}

/** A key the person pressed: that and when, with the digit itself sealed beside it. */
export function recordDtmf(
  { ledger }: FactDeps,
  { tenantId, callId, dataKey }: OpenStream,
  { digit, ...data }: { digit: string; atMs: number; durationMs: number },
): Promise<void> {
  const context = { purpose: 'dtmf-digit', tenantId, rowId: callId, field: 'digit' }
  const sealed = sealWithDataKey(dataKey, context, digit)
  return ledger.transact(tenantId, callId, async (work) => {
    await work.append({ type: 'stream.dtmf', data, secret: { field: 'digit', sealed } })
  })
}

/**
 * The end of a socket: its counters, and for an inbound call the end of the call unless another
 * socket has it. When somebody took this socket for lost meanwhile, adds only what was not told, and
 * there are words to come. Once, also if repeated.
 *
 * @returns whether a transcriber has to be woken
 */
export function recordEnded(
  { ledger, clock }: FactDeps,
  stream: OpenStream,
  o: { counters: Counters; reason: string },
): Promise<boolean> {
  return ledger.transact(stream.tenantId, stream.callId, async (work) => {
    const [row] = await work.tx.select().from(mediaStreams).where(ownRow(stream)).limit(1)
    if (row === undefined) return false
    const rest = row.endedAt === null ? o.counters : sinceRow(row, o.counters)
    if (rest === null) return false
    const isUnheard = row.endedAt !== null && rest.frames > 0
    if (isUnheard) await expectWords(work)
    await work.tx
      .update(mediaStreams)
      .set({ ...o.counters, endedAt: sql`coalesce(ended_at, now())`, heartbeatAt: sql`now()` })
      .where(ownRow(stream))
    const { frames, audioMs, duplicated, rewound, gaps } = rest
    await work.append({
      type: 'stream.ended',
      data: { frames, audioMs, duplicated, rewound, gaps, reason: o.reason },
    })
    if (stream.isInbound && !(await hasOtherSocket(work, stream.streamId))) {
      const call = await loadCall(work.tx, stream.callId)
      if (call !== null) await changeStatus(work, call, { status: 'completed' })
    }
    await writeReceiptIfDone(work, clock.now())
    return isUnheard
  })
}

async function expectWords({ tx, tenantId, callId }: LedgerWork): Promise<void> {
  await tx
    .insert(transcriptions)
    .values({ tenantId, callId })
    .onConflictDoUpdate({
      target: [transcriptions.tenantId, transcriptions.callId],
      set: { state: 'pending', updatedAt: sql`now()` },
    })
}

async function appendStarted(
  work: LedgerWork,
  { streamSid, sampleRate }: OpenStream,
  startedAt: Date,
): Promise<void> {
  await work.append({
    type: 'stream.started',
    data: { streamSid, sampleRate, startedAt: startedAt.toISOString() },
  })
}

function ownRow({ tenantId, streamId }: OpenStream) {
  return and(eq(mediaStreams.tenantId, tenantId), eq(mediaStreams.id, streamId))
}

async function hasOtherSocket(
  { tx, tenantId, callId }: LedgerWork,
  streamId: string,
): Promise<boolean> {
  const rows = await tx
    .select({ id: mediaStreams.id })
    .from(mediaStreams)
    .where(
      and(
        eq(mediaStreams.tenantId, tenantId),
        eq(mediaStreams.callId, callId),
        ne(mediaStreams.id, streamId),
        isNull(mediaStreams.endedAt),
      ),
    )
    .limit(1)
  return rows.length > 0
}
