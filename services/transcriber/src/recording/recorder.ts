import type { Ledger } from '@callwire/ledger'
import type { RecordingStore } from '@callwire/recordings'
import { errorFields, type Clock } from '@callwire/runtime'
import type { Mark } from '../acknowledge.ts'
import type { Claim } from '../claim-call.ts'
import type { Listen, Listener } from '../listener.ts'
import { readAudio, type ReadDeps } from '../read-audio.ts'
import { finishRecording } from './finish-recording.ts'
import { openRecording, type OpenDeps, type Recording } from './open-recording.ts'
import { createPartSource } from './part-source.ts'
import { storePart } from './store-part.ts'

export type RecorderDeps = OpenDeps & ReadDeps & { ledger: Ledger; clock: Clock }

/**
 * How long a call's end waits for its last parts when the store is away. The receipt waits with it; for
 * longer than this, a person would rather have the receipt.
 */
export const FINISH_WAIT_MS = 60_000

/**
 * Keeps the audio of calls whose phone has `keepRecording`: sealed parts in a store, each with a row.
 * What is not stored yet is not acknowledged, so a successor hears it again; the words never wait.
 */
export function createRecorder(deps: RecorderDeps, o: { finishWaitMs?: number } = {}): Listen {
  return async (claim, acknowledger) => {
    const recording = await openRecording(deps, claim)
    if (recording === null || deps.store === null) return null
    const mark = acknowledger.mark()
    mark.moveTo(recording.recordedMs)
    const log = deps.log.child({ callId: claim.callId, recordingId: recording.id })
    const finishWaitMs = o.finishWaitMs ?? FINISH_WAIT_MS
    return record({ ...deps, store: deps.store, log, finishWaitMs }, claim, recording, mark)
  }
}

type Deps = RecorderDeps & { store: RecordingStore; finishWaitMs: number }

function record(deps: Deps, claim: Claim, recording: Recording, mark: Mark): Listener {
  const stop = new AbortController()
  const { signal } = stop
  let isIncomplete = false
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
    async finish() {
      source.end()
      const inTime = await settlesWithin(storing, deps.finishWaitMs, deps.clock, signal)
      if (signal.aborted || isOver) return
      if (!inTime) {
        isIncomplete = true
        stop.abort()
        await storing
      }
      await finishRecording(deps, claim, recording, { isIncomplete })
      mark.release()
    },
    abort() {
      stop.abort()
    },
  }
}

async function settlesWithin(
  work: Promise<void>,
  ms: number,
  clock: Pick<Clock, 'sleep'>,
  signal: AbortSignal,
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
