import type { Clock } from '@callwire/runtime'

export type ManualClock = Clock & {
  /** Moves both clocks on by `ms`, waking sleepers in the order of their deadlines. */
  advance(ms: number): Promise<void>
  /** Sets the wall clock alone, as a correction of the machine's time would. */
  setWall(epochMs: number): void
  /** How many sleepers wait. */
  sleepers(): number
}

type Sleeper = { readonly dueMs: number; wake(): void }

/** Lets what was just woken run, including the promises it goes on to await. */
async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}

/** A clock that stands still until told. Starts at 2025-01-01T00:00:00Z unless `nowMs` says otherwise. */
export function manualClock(nowMs = Date.UTC(2025, 0, 1)): ManualClock {
  let wallMs = nowMs
  let sinceStartMs = 0
  const sleepers = new Set<Sleeper>()

  const nextDue = (untilMs: number): Sleeper | undefined =>
    [...sleepers].filter((s) => s.dueMs <= untilMs).sort((a, b) => a.dueMs - b.dueMs)[0]

  const moveTo = (targetMs: number): void => {
    wallMs += targetMs - sinceStartMs
    sinceStartMs = targetMs
  }

  return {
    now: () => wallMs,
    monotonicMs: () => sinceStartMs,
    sleepers: () => sleepers.size,
    setWall(epochMs) {
      wallMs = epochMs
    },
    async sleep(ms, signal) {
      if (signal?.aborted === true) throw abortError()
      await new Promise<void>((resolve, reject) => {
        const onAbort = (): void => {
          sleepers.delete(sleeper)
          reject(abortError())
        }
        const sleeper: Sleeper = {
          dueMs: sinceStartMs + ms,
          wake() {
            signal?.removeEventListener('abort', onAbort)
            sleepers.delete(sleeper)
            resolve()
          },
        }
        signal?.addEventListener('abort', onAbort, { once: true })
        sleepers.add(sleeper)
      })
    },
    async advance(ms) {
      const untilMs = sinceStartMs + ms
      await settle()
      for (let next = nextDue(untilMs); next !== undefined; next = nextDue(untilMs)) {
        moveTo(Math.max(next.dueMs, sinceStartMs))
        next.wake()
        await settle()
      }
      moveTo(untilMs)
      await settle()
    },
  }
}

function abortError(): Error {
  return new DOMException('This operation was aborted', 'AbortError')
}
