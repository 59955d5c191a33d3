import type { Clock } from '@callwire/runtime'

/** What this process took for each account within the last `windowMs`. */
export type RecentTakes = {
  add(sid: string, id: string): void
  recent(sid: string): { id: string; ageMs: number }[]
}

/** Accounts that nobody asks about any more are let go after so many takes. */
const takesBetweenSweeps = 1_000

export function createRecentTakes(clock: Clock, windowMs: number): RecentTakes {
  const taken = new Map<string, { id: string; atMs: number }[]>()
  let sinceSweep = 0
  const fresh = (sid: string) => {
    const oldest = clock.monotonicMs() - windowMs
    const all = taken.get(sid) ?? []
    const from = all.findIndex(({ atMs }) => atMs > oldest)
    return from === 0 ? all : from === -1 ? [] : all.slice(from)
  }
  const sweep = () => {
    for (const sid of taken.keys()) {
      const left = fresh(sid)
      if (left.length === 0) taken.delete(sid)
      else taken.set(sid, left)
    }
  }
  return {
    add: (sid, id) => {
      const entry = { id, atMs: clock.monotonicMs() }
      const all = taken.get(sid)
      if (all === undefined) taken.set(sid, [entry])
      else all.push(entry)
      sinceSweep += 1
      if (sinceSweep < takesBetweenSweeps) return
      sinceSweep = 0
      sweep()
    },
    recent: (sid) => {
      const now = clock.monotonicMs()
      return fresh(sid).map(({ id, atMs }) => ({ id, ageMs: now - atMs }))
    },
  }
}
