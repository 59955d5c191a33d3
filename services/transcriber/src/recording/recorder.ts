import type { Ledger } from '@callwire/ledger'
import type { RecordingStore } from '@callwire/recordings'
import { errorFields, type Clock } from '@callwire/runtime'
import type { Mark } from '../acknowledge.ts'
import type { Claim } from '../claim-call.ts'
import type { Listen, Listener } from '../listener.ts'
import type { TranscriberMetrics } from '../metrics.ts'
import { readAudio, type ReadDeps } from '../read-audio.ts'
import { finishRecording } from './finish-recording.ts'
import { openRecording, type OpenDeps, type Recording } from './open-recording.ts'
import { createPartSource } from './part-source.ts'
import { storePart } from './store-part.ts'

export type RecorderDeps = OpenDeps &
  ReadDeps & { ledger: Ledger; clock: Clock; metrics: Pick<TranscriberMetrics, 'recording'> }

/**
 * How long a call's end waits for its last parts when the store is away. The receipt waits with it; for
 * longer than this, a person would rather have the receipt.
 */
export const FINISH_WAIT_MS = 60_000

/** What a try that was given up gets to come to its end: one that hangs holds up nobody. */
const GIVE_UP_MS = 2_000

/**
 * Keeps the audio of calls whose phone has `keepRecording`: sealed parts in a store, each with a row.
 * What is not stored yet is not acknowledged, so a successor hears it again; the words never wait.
 */
export function createRecorder(deps: RecorderDeps, o: { finishWaitMs?: number } = {}): Listen {
  return async (claim, acknowledger) => {
    const opened = await openRecording(deps, claim)
    if (opened.kind === 'none') return null
    if (opened.kind === 'unable') return noteMissing(deps, claim, opened.id)
    const { recording, store } = opened
    const mark = acknowledger.mark()
    mark.moveTo(recording.recordedMs)
    const log = deps.log.child({ callId: claim.callId, recordingId: recording.id })
    const finishWaitMs = o.finishWaitMs ?? FINISH_WAIT_MS
    return record({ ...deps, store, log, finishWaitMs }, claim, recording, mark)
  }
}

/** In place of a recorder that cannot be: at the end of the call, its recording is said to be incomplete. */
function noteMissing(deps: RecorderDeps, claim: Claim, id: string): Listener {
  return {
    take: () => Promise.resolve(),
    async finish(signal) {
      if (!signal.aborted) await finishRecording(deps, claim, { id }, { isIncomplete: true })
    },
    abort: () => undefined,
  }
}

type Deps = RecorderDeps & { store: RecordingStore; finishWaitMs: number }

function record(deps: Deps, claim: Claim, recording: Recording, mark: Mark): Listener {
  const stop = new AbortController()
  const { signal } = stop
  let { isIncomplete } = recording
  /** Whose the recording is when we end: another holder's, or nobody's any more. */
  let isOver = false
  const source = createPartSource({
    fromMs: recording.recordedMs,
    readAgain: (fromMs) => readAudio(deps, { ...claim, ackedMs: fromMs }, signal),
    onLost: () => {
      isIncomplete = true
    },
    signal,
  })

  const counted = deps.metrics.recording(() => source.unstored())

  const storeAll = async () => {
    for await (const part of source.parts()) {
      const outcome = await storePart(deps, claim, recording, part, signal)
      if (outcome !== 'stored') {
        isOver = true
        if (outcome === 'erased') mark.release()
        return
      }
      mark.moveTo(part.toMs)
    }
  }
  const storing = storeAll().catch((error: unknown) => {
    if (signal.aborted) return
    // No waiting heals it: the words go on, and what is missing is said at the end.
    isIncomplete = true
    deps.log.error(errorFields(error), 'recording failed')
    mark.release()
  })

  return {
    take(moment) {
      source.take(moment)
      return Promise.resolve()
    },
    async finish(handOver) {
      source.end()
      const isStored = await settlesWithin(storing, deps.finishWaitMs, {
        clock: deps.clock,
        signal: AbortSignal.any([signal, handOver]),
      })
      if (signal.aborted || handOver.aborted || isOver) return
      if (!isStored) {
        isIncomplete = true
        stop.abort()
        await settlesWithin(storing, GIVE_UP_MS, { clock: deps.clock, signal: handOver })
        if (isAborted(handOver)) return
      }
      await finishRecording(deps, claim, recording, { isIncomplete })
      mark.release()
    },
    abort() {
      counted[Symbol.dispose]()
      stop.abort()
    },
  }
}

/** As it is now, whatever was known of it before. */
const isAborted = (signal: AbortSignal): boolean => signal.aborted

/** True when the work has settled; false when it takes too long, or nobody waits any more. */
async function settlesWithin(
  work: Promise<void>,
  ms: number,
  { clock, signal }: { clock: Pick<Clock, 'sleep'>; signal: AbortSignal },
): Promise<boolean> {
  const done = new AbortController()
  const tooLong = clock.sleep(ms, AbortSignal.any([signal, done.signal])).then(
    () => false,
    () => false,
  )
  try {
    return await Promise.race([work.then(() => true), tooLong])
  } finally {
    done.abort()
  }
}
