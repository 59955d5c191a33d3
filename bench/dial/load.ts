import { setTimeout as sleep } from 'node:timers/promises'
import { childrenCpuMs, cpuMs } from './cpu.ts'
import type { Observer } from './observer.ts'
import type { Side } from './side.ts'

/** A call that Exotel has not seen by then is lost, and the benchmark with it. */
const LOST_AFTER_MS = 60_000
/** What is left to do about a call whose request was seen: its outcome is written. */
const SETTLE_MS = 300

/** Processor times in ms per call. */
export type Turn = {
  perSecond: number
  /** Of the side's own processes, and of each. */
  cpu: number
  api: number
  dialer: number
  postgres: number
}

/** Numbers that no two calls share: no person is called twice at a time. */
export type Numbers = { next(): number }

/** As fast as it goes, with so many calls under way at a time. */
export async function pressOn(
  side: Side,
  o: {
    calls: number
    atOnce: number
    observer: Observer
    numbers: Numbers
    postgresPid: number
  },
): Promise<Turn> {
  const used = () => ({
    api: cpuMs(side.api),
    dialer: cpuMs(side.dialer),
    postgres: childrenCpuMs(o.postgresPid),
  })
  const before = used()
  const startedAt = performance.now()
  let [left, lastAt] = [o.calls, startedAt]
  const lane = async () => {
    while (left > 0) {
      left -= 1
      const callId = await side.place(o.numbers.next())
      lastAt = Math.max(lastAt, await bounded(o.observer.seen(callId), side))
    }
  }
  await Promise.all(Array.from({ length: o.atOnce }, lane))
  await sleep(SETTLE_MS)
  const after = used()
  const perCall = (of: keyof typeof after) => (after[of] - before[of]) / o.calls
  return {
    perSecond: (o.calls / (lastAt - startedAt)) * 1_000,
    cpu: perCall('api') + perCall('dialer'),
    api: perCall('api'),
    dialer: perCall('dialer'),
    postgres: perCall('postgres'),
  }
}

/** From just before each POST to its request's headers at Exotel, in ms, at a steady pace. */
export async function paceOut(
  side: Side,
  o: { calls: number; perSecond: number; observer: Observer; numbers: Numbers },
): Promise<number[]> {
  const startedAt = performance.now()
  const one = async (): Promise<number> => {
    const at = performance.now()
    const callId = await side.place(o.numbers.next())
    return (await bounded(o.observer.seen(callId), side)) - at
  }
  const taken: Promise<number>[] = []
  for (let n = 0; n < o.calls; n += 1) {
    // By the clock, not by the last answer: who is slow must not be asked less.
    await sleep(Math.max(0, startedAt + (n * 1_000) / o.perSecond - performance.now()))
    taken.push(one())
  }
  return Promise.all(taken)
}

async function bounded(seen: Promise<number>, { name }: Side): Promise<number> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => late.reject(new Error(`${name}: a call was not placed`)),
    LOST_AFTER_MS,
  )
  try {
    return await Promise.race([seen, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

/** @param part - 0.5 for the median */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN
}
