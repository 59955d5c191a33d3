import type { CallJob } from '@callwire/contracts'
import { errorFields } from '@callwire/runtime'
import { claimCall, type Claim, type ClaimDeps } from './claim-call.ts'
import { transcribeCall, type TranscribeDeps } from './transcribe-call.ts'
import { ClaimLost } from './write-words.ts'

export type Sessions = AsyncDisposable & {
  /** Takes the call if nobody has it. Returns once it is claimed or refused, not when it is over. */
  wake(job: CallJob): Promise<void>
  readonly live: number
}

/** Calls transcribed at once by one process; another process takes what is left. */
export const MAX_SESSIONS = 500

type Deps = TranscribeDeps & ClaimDeps

/** The calls this process transcribes. Disposing gives all of them up, for a successor to take over. */
export function createSessions(deps: Deps): Sessions {
  const stop = new AbortController()
  const running = new Map<string, Promise<void>>()

  const transcribe = async (claim: Claim) => {
    const log = deps.log.child({ callId: claim.callId })
    try {
      log.info({ fence: claim.fence }, 'transcribing')
      await transcribeCall({ ...deps, log }, claim, stop.signal)
    } catch (error) {
      if (error instanceof ClaimLost) log.info('call taken over by another transcriber')
      else log.warn(errorFields(error), 'transcription interrupted')
    }
  }

  const claimAndStart = async (job: CallJob) => {
    const claim = await claimCall(deps, job)
    if (claim !== null) await transcribe(claim)
  }

  return {
    get live() {
      return running.size
    },
    wake(job) {
      if (stop.signal.aborted || running.size >= MAX_SESSIONS || running.has(job.callId)) {
        return Promise.resolve()
      }
      const session = claimAndStart(job)
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
