import type { Leases } from '@callwire/bus'
import { errorFields, type Clock, type Logger } from '@callwire/runtime'
import type { Times } from './times.ts'

export type HoldDeps = {
  leases: Pick<Leases, 'acquire' | 'release'>
  owner: string
  times: Pick<Times, 'leaseMs' | 'renewMs'>
  clock: Pick<Clock, 'monotonicMs' | 'sleep'>
  log: Logger
}

/** A lease for as long as it is certain that nobody else may have it. */
export type HeldLease = AsyncDisposable & {
  /** Aborts when the lease is another's, or may be by now. */
  readonly lost: AbortSignal
  /** Whether it is certainly still ours, at this very moment: a process may have stood still. */
  isHeld(): boolean
}

/** After a renewal that Redis did not answer: soon again, for the lease runs out meanwhile. */
const RETRY_MS = 250

/**
 * Keeps a call's lease, taken at `takenAtMs` by the monotonic clock, until it is disposed, and gives it
 * back then. Our own clock decides when it has run out, counted from before Redis was asked: neither a
 * silent Redis nor a process that was frozen makes us believe that it is ours for longer than Redis
 * does. A lease that went with Redis's memory is taken anew as long as it would have lasted.
 */
export function holdLease(deps: HoldDeps, callId: string, takenAtMs: number): HeldLease {
  const { leases, owner, times, clock, log } = deps
  const lost = new AbortController()
  const end = new AbortController()
  const ended = AbortSignal.any([lost.signal, end.signal])
  let heldUntilMs = takenAtMs + times.leaseMs

  const lose = (why: 'taken' | 'ran out') => {
    if (lost.signal.aborted) return
    log.info({ why }, 'lease lost')
    lost.abort()
  }
  const isHeld = () => {
    if (clock.monotonicMs() >= heldUntilMs) lose('ran out')
    return !lost.signal.aborted
  }

  /** Ms to wait before the next renewal. */
  const renew = async (): Promise<number> => {
    const askedAtMs = clock.monotonicMs()
    try {
      if (await leases.acquire(callId, owner, times.leaseMs)) {
        heldUntilMs = askedAtMs + times.leaseMs
        return times.renewMs
      }
      lose('taken')
    } catch (error) {
      log.debug(errorFields(error), 'lease not renewed')
    }
    return Math.min(RETRY_MS, times.renewMs)
  }

  const renewing = (async () => {
    let waitMs = times.renewMs
    for (;;) {
      const leftMs = Math.max(0, heldUntilMs - clock.monotonicMs())
      await clock.sleep(Math.min(waitMs, leftMs), ended).catch(() => undefined)
      if (ended.aborted || !isHeld()) return
      waitMs = await renew()
    }
  })()

  return {
    lost: lost.signal,
    isHeld,
    async [Symbol.asyncDispose]() {
      end.abort()
      await renewing
      await leases.release(callId, owner).catch(() => undefined)
    },
  }
}
