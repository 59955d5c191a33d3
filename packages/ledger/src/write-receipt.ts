import { callEvents, calls, mediaStreams, transcriptions } from '@callwire/db'
import { and, asc, eq, inArray } from 'drizzle-orm'
import { eventOf } from './event-row.ts'
import { receiptOf, receiptVerdict, summedTypes } from './receipt.ts'
import { talkOf } from './talk.ts'
import { STREAM_LOST, unheardRest } from './unheard-rest.ts'
import { transcriptOf } from './transcript.ts'
import type { LedgerWork } from './work.ts'

/**
 * Appends `call.receipt` when all it counts is there, the next revision when facts came after an
 * earlier one; before it, if the call had audio, `call.talk`, and what nobody heard of a call that
 * outlived its media. Whoever ends something that a receipt waits for calls this in the same work.
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
    .select({
      openedAt: mediaStreams.openedAt,
      startedAt: mediaStreams.startedAt,
      endedAt: mediaStreams.endedAt,
      clockStartMs: mediaStreams.clockStartMs,
      clockMs: mediaStreams.clockMs,
    })
    .from(mediaStreams)
    .where(eq(mediaStreams.callId, w.callId))
  const [transcription] = await w.tx
    .select({ state: transcriptions.state, ackedMs: transcriptions.ackedMs })
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
  const rest = unheardRest({
    events,
    streams,
    ackedMs: transcription?.ackedMs ?? 0,
    endedAt: call.endedAt,
  })
  if (rest !== null) {
    const data = { ...rest, reason: STREAM_LOST }
    events.push(await w.append({ type: 'transcript.gap', data }))
  }
  if (streams.length > 0) {
    const clockMs = Math.max(...streams.map((stream) => stream.clockMs))
    await w.append({ type: 'call.talk', data: talkOf(transcriptOf(events), clockMs) })
  }
  await w.append({ type: 'call.receipt', data: receiptOf(w.head, events) })
  return true
}
