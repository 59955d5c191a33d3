import { sealObject } from '@callwire/crypto'
import { recordingParts, recordings, transcriptions, type Database } from '@callwire/db'
import { sealContexts } from '@callwire/keyring'
import { partKey, toWav, type Part, type RecordingStore } from '@callwire/recordings'
import {
  AppError,
  backoffMs,
  errorFields,
  type Clock,
  type Logger,
  type Random,
} from '@callwire/runtime'
import { and, eq, isNull, sql } from 'drizzle-orm'
import type { Claim } from '../claim-call.ts'
import type { Recording } from './open-recording.ts'

export type StoreDeps = {
  database: Pick<Database, 'withTenant'>
  store: RecordingStore
  clock: Pick<Clock, 'sleep'>
  random: Random
  log: Logger
}

/**
 * - `stored`: object and row are there.
 * - `lost`: the call is another holder's, who records it from here.
 * - `erased`: somebody erased the recording; nothing more is kept.
 */
export type Stored = 'stored' | 'lost' | 'erased'

/** Quick at first, since most faults are over at once; then a quarter of a minute, for as long as it takes. */
const wait = { baseMs: 500, maxMs: 15_000 }

/**
 * Seals a part and keeps it: first the object, then its row. Asks for as long as it takes; rejects only
 * with the signal's reason, or for what no waiting heals. An object without a row is taken back.
 */
export async function storePart(
  deps: StoreDeps,
  claim: Claim,
  recording: Recording,
  part: Part,
  signal: AbortSignal,
): Promise<Stored> {
  const { tenantId, callId, fence } = claim
  const { fromMs, toMs, sampleRate } = part
  const key = partKey({ tenantId, callId, recordingId: recording.id, fromMs, fence })
  const context = sealContexts.recordingPart(tenantId, recording.id, { fromMs, toMs, sampleRate })
  const sealed = sealObject(recording.dataKey, context, toWav(part.pcm, sampleRate))
  let outcome: Stored | null = null
  try {
    await patiently(
      deps,
      'recording not stored',
      () => deps.store.put(key, sealed, { signal }),
      signal,
    )
    const row = { objectKey: key, bytes: sealed.length, fromMs, toMs, sampleRate }
    outcome = await patiently(
      deps,
      'recording not noted',
      () => writePart(deps.database, claim, recording.id, row),
      signal,
    )
    return outcome
  } finally {
    // What is left of it when this fails, too, goes with the recording.
    if (outcome !== 'stored' && !signal.aborted) await deps.store.remove(key).catch(() => undefined)
  }
}

type PartRow = {
  objectKey: string
  bytes: number
  fromMs: number
  toMs: number
  sampleRate: number
}

/** The row of a part, under the call's fence: a holder that was frozen writes nothing. */
export async function writePart(
  database: Pick<Database, 'withTenant'>,
  { tenantId, callId, fence }: Claim,
  recordingId: string,
  part: PartRow,
): Promise<Stored> {
  return database.withTenant(tenantId, async (tx) => {
    const held = await tx
      .select({ fence: transcriptions.fence })
      .from(transcriptions)
      .where(and(eq(transcriptions.callId, callId), eq(transcriptions.fence, fence)))
      .for('update')
    if (held.length === 0) return 'lost'
    const kept = await tx
      .update(recordings)
      .set({ recordedMs: sql`greatest(${recordings.recordedMs}, ${part.toMs})` })
      .where(and(eq(recordings.id, recordingId), isNull(recordings.erasedAt)))
      .returning({ id: recordings.id })
    if (kept.length === 0) return 'erased'
    // There already when the answer to an earlier try was lost.
    await tx
      .insert(recordingParts)
      .values({ tenantId, recordingId, ...part })
      .onConflictDoNothing()
    return 'stored'
  })
}

async function patiently<T>(
  { clock, random, log }: Pick<StoreDeps, 'clock' | 'random' | 'log'>,
  failing: string,
  work: () => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    signal.throwIfAborted()
    try {
      return await work()
    } catch (error) {
      signal.throwIfAborted()
      // A refusal is for a person to mend, and the audio waits meanwhile.
      if (!(error instanceof AppError)) throw error
      const level = attempt === 0 ? 'warn' : 'debug'
      log[level]({ ...errorFields(error), attempt }, failing)
      await clock.sleep(backoffMs(attempt, { ...wait, random }), signal)
    }
  }
}
