import { callEvents, calls, mediaStreams, transcriptions } from '@callwire/db'
import { and, asc, eq, inArray } from 'drizzle-orm'
import { eventOf } from './event-row.ts'
import { receiptOf, receiptVerdict, summedTypes } from './receipt.ts'
import { talkOf } from './talk.ts'
import { transcriptOf } from './transcript.ts'
import type { LedgerWork } from './work.ts'

/**
 * Appends `call.receipt` when all it counts is there (after `call.talk`, if the call had audio), the next revision when facts came after an
 * earlier one. Whoever ends something that a receipt waits for calls this in the same work.
 *
 * @param nowMs - epoch ms
 * @returns whether a receipt was written
 */
export async function writeReceiptIfDone(w: LedgerWork, nowMs: number): Promise<boolean> {
  if (w.head.lastType === 'call.receipt') return false
  const [call] = await w.tx
    .select({ status: calls.status, answeredAt: calls.answeredAt, endedAt: calls.endedAt })
    .from(calls)
    .where(eq(calls.id, w.callId))
  if (call === undefined) return false
  const streams = await w.tx
    .select({ endedAt: mediaStreams.endedAt, clockMs: mediaStreams.clockMs })
    .from(mediaStreams)
    .where(eq(mediaStreams.callId, w.callId))
  const [transcription] = await w.tx
    .select({ state: transcriptions.state })
    .from(transcriptions)
    .where(eq(transcriptions.callId, w.callId))
  const verdict = receiptVerdict({
    status: call.status,
    answeredAtMs: call.answeredAt?.getTime() ?? null,
    endedAtMs: call.endedAt?.getTime() ?? null,
    nowMs,
    streams: streams.map((stream) => ({ ended: stream.endedAt !== null })),
    transcription: transcription?.state ?? null,
    lastType: w.head.lastType,
  })
  if (verdict !== 'write') return false
  const rows = await w.tx
    .select()
    .from(callEvents)
    .where(and(eq(callEvents.callId, w.callId), inArray(callEvents.type, [...summedTypes])))
    .orderBy(asc(callEvents.seq))
  const events = rows.map(eventOf)
  if (streams.length > 0) {
    const clockMs = Math.max(...streams.map((stream) => stream.clockMs))
    await w.append({ type: 'call.talk', data: talkOf(transcriptOf(events), clockMs) })
  }
  await w.append({ type: 'call.receipt', data: receiptOf(w.head, events) })
  return true
}
