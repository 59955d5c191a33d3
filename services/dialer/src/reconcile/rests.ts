import type { Clock } from '@callwire/runtime'

/** Calls that are not to be asked about for a while, because their account has no request to spare. */
export type Rests = {
  rests(callId: string): boolean
  /** Leaves the call alone for `ms`. */
  rest(callId: string, ms: number): void
}

/**
 * Remembered by this process alone: without it every round would read all that it cannot ask about.
 */
export function createRests(clock: Pick<Clock, 'monotonicMs'>): Rests {
  const until = new Map<string, number>()
  return {
    rests: (callId) => {
      const end = until.get(callId)
      if (end === undefined) return false
      if (end > clock.monotonicMs()) return true
      until.delete(callId)
      return false
    },
    rest: (callId, ms) => {
      const now = clock.monotonicMs()
      // What ended otherwise is never asked for again: it goes when its time is over.
      if (until.size >= mostRests) {
        for (const [id, end] of until) if (end <= now) until.delete(id)
      }
      if (until.size < mostRests) until.set(callId, now + ms)
    },
  }
}

/** More than two rounds find; what is beyond is read once more than needed. */
const mostRests = 4_000

/** Accounts, and hosts, that did not answer when they were asked last. */
export type Silence = {
  /** For how long the account is still left alone, in ms; 0: it may be asked. */
  restMs(account: string): number
  /** How often in a row it did not answer; another account's answer counts for their host. */
  inARow(name: string): number
  answered(names: Answering): void
  unanswered(names: Answering): void
}

type Answering = { key: string; host: string | null }

/** The rests of an account that does not answer, each twice as long as the one before. */
const firstRestMs = 1_000
/** It may be well again at any time, and its calls' wait for that is not to be felt. */
const longestRestMs = 30_000

/** Remembered by this process alone: another one finds out by itself, at the cost of one question. */
export function createSilence(clock: Pick<Clock, 'monotonicMs'>): Silence {
  const silent = new Map<string, { inARow: number; until: number }>()
  const inARow = (name: string) => silent.get(name)?.inARow ?? 0
  const namesOf = ({ key, host }: Answering) => (host === null ? [key] : [key, hostName(host)])
  return {
    restMs: (account) => Math.max(0, (silent.get(account)?.until ?? 0) - clock.monotonicMs()),
    inARow,
    answered: (names) => {
      for (const name of namesOf(names)) silent.delete(name)
    },
    unanswered: (names) => {
      for (const name of namesOf(names)) {
        const times = inARow(name) + 1
        const restMs = Math.min(longestRestMs, firstRestMs * 2 ** Math.min(times - 1, 10))
        silent.delete(name)
        silent.set(name, { inARow: times, until: clock.monotonicMs() + restMs })
        // Whoever was silent the longest ago goes first, and is found silent once more.
        const [oldest] = silent.keys()
        if (silent.size > mostRests && oldest !== undefined) silent.delete(oldest)
      }
    },
  }
}

/** What a host is remembered by, beside accounts. */
export function hostName(host: string): string {
  return `host ${host}`
}
