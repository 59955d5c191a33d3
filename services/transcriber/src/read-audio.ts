import { BusError, type AudioEntry, type AudioStreams } from '@callwire/bus'
import type { Database } from '@callwire/db'
import type { Clock, Logger } from '@callwire/runtime'
import { createAudioTimeline, type HoleReason, type Step } from './audio-timeline.ts'
import type { Claim } from './claim-call.ts'
import { mediaEndOf } from './media-end.ts'
import { bytesPerMs, createBlockOpener, type OpenBlock } from './open-blocks.ts'
import { FIRST_ID, isBefore } from './stream-ids.ts'
import type { Times } from './times.ts'

/**
 * A call from the claim's place to its end, on the call's clock: sound and holes, one after another,
 * no moment twice and none left out; and beside them how far the stream was read.
 */
export type Heard =
  | {
      kind: 'audio'
      /** s16le mono PCM in clear. */
      pcm: Buffer
      startMs: number
      endMs: number
      sampleRate: number
      /** When its last byte came in, epoch ms. */
      arrivedAtMs?: number
    }
  | { kind: 'hole'; fromMs: number; toMs: number; reason: HoleReason }
  /** This entry was read, and with it the call is accounted for up to `endMs`. */
  | { kind: 'read'; id: string; endMs: number }
  /** Redis lost the stream and counts from an earlier id now: ids from before mean nothing any more. */
  | { kind: 'restarted' }

/** Entries asked for at once: a second of audio is ten. */
const BATCH = 64
/** Between two looks while Redis is away. */
const RETRY_MS = 200

export type ReadDeps = {
  database: Pick<Database, 'withTenant'>
  audio: Pick<AudioStreams, 'read' | 'lastId'>
  times: Pick<Times, 'blockMs' | 'idleMs' | 'endingMs'>
  clock: Pick<Clock, 'monotonicMs' | 'sleep'>
  log: Logger
}

/**
 * A call's audio, opened, to the end of its last media socket. It is read from the first entry that
 * Redis still has, and what lies before the claim's place on the clock is passed over: ids say nothing
 * about a stream that was lost and made anew. Waits while Redis is away.
 */
export async function* readAudio(
  deps: ReadDeps,
  claim: Claim,
  signal: AbortSignal,
): AsyncGenerator<Heard> {
  const { times, clock } = deps
  const timeline = createAudioTimeline(claim.ackedMs)
  const open = createBlockOpener(deps, claim)
  const at = {
    after: FIRST_ID,
    newestId: FIRST_ID,
    newsAtMs: clock.monotonicMs(),
    /** The last news was the end of a socket: another may follow. */
    isEnding: false,
    /** All sockets have ended: one more look, for what was appended before the last of them did. */
    isLastLook: false,
    /** Where the call's clock stood when the stream was last looked through from its beginning. */
    searchedAtMs: -1,
  }

  /** What is missing may stand further back: a stream that was made anew may count from lower ids. */
  const lookFurtherBack = (): boolean => {
    if (at.searchedAtMs === timeline.reachedMs()) return false
    at.searchedAtMs = timeline.reachedMs()
    at.after = FIRST_ID
    return true
  }

  const hear = async (id: string, entry: AudioEntry): Promise<Heard[] | 'look back'> => {
    const isOld = !isBefore(at.newestId, id)
    const read = (): Heard => {
      at.newestId = id
      return { kind: 'read', id, endMs: timeline.reachedMs() }
    }
    if (timeline.isKnown(entry)) return isOld ? [] : [read()]
    const block = entry.kind === 'audio' ? await open(entry) : null
    const hole = timeline.holeBefore(entry, block)
    if (hole !== null && lookFurtherBack()) return 'look back'
    if (hole !== null) timeline.pass(hole)
    const step = timeline.take(entry, block)
    const found: Heard[] = hole === null ? [] : [{ kind: 'hole', ...hole }]
    if (step.kind === 'hole') found.push({ kind: 'hole', ...step.hole })
    if (step.kind === 'sound' && block !== null) found.push(soundOf(step, block, entry))
    if (isOld && found.length === 0) return []
    if (isOld) found.unshift({ kind: 'restarted' })
    at.isEnding = step.kind === 'end'
    at.isLastLook = false
    at.newsAtMs = clock.monotonicMs()
    return [...found, read()]
  }

  while (!signal.aborted) {
    const isIdle = clock.monotonicMs() - at.newsAtMs >= times.idleMs
    const blockMs = at.isLastLook ? 0 : at.isEnding && !isIdle ? times.endingMs : times.blockMs
    const entries = await readOn(deps, claim.callId, at.after, { blockMs, signal })
    if (entries === null) continue
    for (const { id, entry } of entries) {
      at.after = id
      const heard = await hear(id, entry)
      if (heard === 'look back') break
      yield* heard
    }
    if (entries.length > 0 || !(at.isEnding || at.isLastLook || isIdle)) continue
    if (await isBehind(deps, claim.callId, at.newestId)) {
      at.newestId = at.after = FIRST_ID
      yield { kind: 'restarted' }
      continue
    }
    const endMs = await mediaEndOf(deps.database, claim)
    if (endMs !== null && at.isLastLook) {
      const rest = timeline.holeUntil(endMs)
      if (rest !== null && lookFurtherBack()) continue
      if (rest !== null) yield { kind: 'hole', ...rest }
      return
    }
    at.isLastLook = endMs !== null
  }
}

type Read = Awaited<ReturnType<AudioStreams['read']>>

/** The next entries, or null when Redis is away just now. */
async function readOn(
  { audio, clock }: Pick<ReadDeps, 'audio' | 'clock'>,
  callId: string,
  after: string,
  { blockMs, signal }: { blockMs: number; signal: AbortSignal },
): Promise<Read | null> {
  try {
    return await audio.read(callId, after, { blockMs, count: BATCH, signal })
  } catch (error) {
    if (!(error instanceof BusError) || !error.retryable) throw error
    await clock.sleep(RETRY_MS, signal).catch(() => undefined)
    return null
  }
}

/** Whether the stream ends before what was read of it: then it is another one. */
async function isBehind(
  { audio }: Pick<ReadDeps, 'audio'>,
  callId: string,
  newestId: string,
): Promise<boolean> {
  const lastId = await audio.lastId(callId).catch(() => null)
  return lastId !== null && isBefore(lastId, newestId)
}

function soundOf(
  step: Extract<Step, { kind: 'sound' }>,
  { pcm, sampleRate }: OpenBlock,
  entry: AudioEntry,
): Heard {
  const skipBytes = Math.floor((step.skipMs * bytesPerMs(sampleRate)) / 2) * 2
  const { startMs, endMs } = step
  const arrived =
    entry.kind === 'audio' && entry.arrivedAtMs !== undefined
      ? { arrivedAtMs: entry.arrivedAtMs }
      : {}
  return { kind: 'audio', pcm: pcm.subarray(skipBytes), startMs, endMs, sampleRate, ...arrived }
}
