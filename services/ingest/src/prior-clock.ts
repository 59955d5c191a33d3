import { mediaStreams, transcriptions, type Tx } from '@callwire/db'
import { LONGEST_CLOCK_MS } from '@callwire/exotel'
import { and, eq } from 'drizzle-orm'

/** How far a call's clock is when another socket takes the call on. */
export type PriorClock = {
  /** Arrival of the call's first audio, epoch ms; null when there was none: then the clock is at 0. */
  firstAudioAtMs: number | null
  /** End of the audio that came before. */
  clockMs: number
}

/**
 * Reads it from the rows of the call's earlier sockets, and from how far its audio has been heard:
 * a row lags behind the process that wrote it, and what was heard is no longer in Redis.
 */
export async function priorClockOf(tx: Tx, tenantId: string, callId: string): Promise<PriorClock> {
  const rows = await tx
    .select({ startedAt: mediaStreams.startedAt, clockMs: mediaStreams.clockMs })
    .from(mediaStreams)
    .where(and(eq(mediaStreams.tenantId, tenantId), eq(mediaStreams.callId, callId)))
  if (rows.length === 0) return { firstAudioAtMs: null, clockMs: 0 }
  const [heard] = await tx
    .select({ ackedMs: transcriptions.ackedMs })
    .from(transcriptions)
    .where(and(eq(transcriptions.tenantId, tenantId), eq(transcriptions.callId, callId)))
  const starts = rows.flatMap(({ startedAt }) => (startedAt === null ? [] : [startedAt.getTime()]))
  return {
    firstAudioAtMs: starts.length === 0 ? null : Math.min(...starts),
    clockMs: Math.max(heard?.ackedMs ?? 0, ...rows.map((row) => row.clockMs)),
  }
}

/**
 * Where the audio of a further socket begins on the call's clock: by wall time since the call's
 * first audio, and never before the end of what there is already. A call's clock has an end.
 */
export function clockStartOf(prior: PriorClock, arrivedAtMs: number): number {
  if (prior.firstAudioAtMs === null) return prior.clockMs
  const wallMs = Math.floor(arrivedAtMs - prior.firstAudioAtMs)
  return Math.max(prior.clockMs, Math.min(wallMs, LONGEST_CLOCK_MS))
}

/** The further of two accounts of one clock: a row lags behind the process that writes it. */
export function laterClock(a: PriorClock, b: PriorClock): PriorClock {
  const starts = [a.firstAudioAtMs, b.firstAudioAtMs].filter((ms) => ms !== null)
  return {
    firstAudioAtMs: starts.length === 0 ? null : Math.min(...starts),
    clockMs: Math.max(a.clockMs, b.clockMs),
  }
}
