import type { Queues } from '@callwire/bus'
import type { CallJob } from '@callwire/contracts'
import { errorFields } from '@callwire/runtime'
import { claimCall, type Claim, type ClaimDeps } from './claim-call.ts'
import { createGate } from './gate.ts'
import { transcribeCall, type TranscribeDeps } from './transcribe-call.ts'
import { ClaimLost } from './write-words.ts'

export type Sessions = AsyncDisposable & {
  /** Takes the call if nobody has it. Returns once it is noted or refused, not when it is over. */
  wake(job: CallJob): Promise<void>
  /** Whether this process has the call, or is about to. */
  has(callId: string): boolean
  /** Calls that may still be taken. */
  readonly room: number
  readonly live: number
}

/** Calls transcribed at once by one process; another process takes what is left. */
export const MAX_SESSIONS = 500
/** Calls claimed at once: after a fault of Redis or of a process they come by the hundred. */
const CLAIMS_AT_ONCE = 8

type Deps = TranscribeDeps & ClaimDeps & { queues: Pick<Queues, 'wakeTranscriber'> }

/**
 * The calls this process transcribes. Disposing hands all of them over: each is stopped behind its last
 * committed word, its lease given back, and another transcriber woken.
 */
export function createSessions(deps: Deps): Sessions {
  const stop = new AbortController()
  const running = new Map<string, Promise<void>>()
  const oneOfFew = createGate(CLAIMS_AT_ONCE)

  /** True when the call is over and done with. */
  const transcribe = async (claim: Claim): Promise<boolean> => {
    const log = deps.log.child({ callId: claim.callId })
    try {
      log.info({ fence: claim.fence }, 'transcribing')
      return await transcribeCall({ ...deps, log }, claim, stop.signal)
    } catch (error) {
      if (error instanceof ClaimLost) log.info('call taken over by another transcriber')
      else log.warn(errorFields(error), 'transcription interrupted')
      return false
    }
  }

  const claimAndTranscribe = async (job: CallJob) => {
    const claim = await oneOfFew(() =>
      stop.signal.aborted ? Promise.resolve(null) : claimCall(deps, job),
    )
    if (claim === null || (await transcribe(claim)) || !stop.signal.aborted) return
    // The others look for themselves as well, a second later: this is for the words' sake.
    await deps.queues.wakeTranscriber(job)
  }

  return {
    get live() {
      return running.size
    },
    get room() {
      return stop.signal.aborted ? 0 : MAX_SESSIONS - running.size
    },
    has: (callId) => running.has(callId),
    wake(job) {
      if (stop.signal.aborted || running.size >= MAX_SESSIONS || running.has(job.callId)) {
        return Promise.resolve()
      }
      const session = claimAndTranscribe(job)
        .catch((error: unknown) => {
          deps.log.warn({ callId: job.callId, ...errorFields(error) }, 'call could not be claimed')
        })
        .finally(() => running.delete(job.callId))
      running.set(job.callId, session)
      return Promise.resolve()
    },
    async [Symbol.asyncDispose]() {
      stop.abort()
      await Promise.allSettled(running.values())
    },
  }
}
