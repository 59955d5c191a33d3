import { median } from './median.ts'

type Options = {
  /** How often each side has its turn. */
  readonly rounds: number
  /** How long a turn takes at least. */
  readonly turnMs: number
}

export type Timings<Side extends string> = {
  /** Microseconds per call, the median over the rounds. */
  readonly micros: Readonly<Record<Side, number>>
  /** How many times as long as `base` a side takes: the median of the rounds' own ratios. */
  readonly ratio: (side: Side, base: Side) => number
}

/**
 * Times pieces of work against each other. They take turns, so what slows the machine for a moment
 * slows all of them, and ratios are taken within a round before the median is.
 */
export function sideBySide<Side extends string>(
  sides: Readonly<Record<Side, () => unknown>>,
  { rounds, turnMs }: Options,
): Timings<Side> {
  const names = Object.keys(sides) as Side[]
  // The first turn of each is for the compiler, and tells how many calls fill a turn.
  const turns = names.map((name) => {
    const work = sides[name]
    callsWithin(work, turnMs)
    return { name, work, calls: callsWithin(work, turnMs) }
  })
  const taken = Array.from({ length: rounds }, (_, round) => {
    // Whoever goes first may pay for the other's garbage: they alternate.
    const order = round % 2 === 0 ? turns : turns.toReversed()
    const times = order.map(({ name, work, calls }) => [name, microsPerCall(work, calls)])
    return Object.fromEntries(times) as Record<Side, number>
  })
  const medians = names.map((name) => [name, median(taken.map((round) => round[name]))])
  return {
    micros: Object.fromEntries(medians) as Record<Side, number>,
    ratio: (side, base) => median(taken.map((round) => round[side] / round[base])),
  }
}

function callsWithin(work: () => unknown, ms: number): number {
  const endAt = performance.now() + ms
  let calls = 0
  do {
    work()
    calls += 1
  } while (performance.now() < endAt)
  return calls
}

function microsPerCall(work: () => unknown, calls: number): number {
  const startedAt = process.hrtime.bigint()
  for (let call = 0; call < calls; call += 1) work()
  return Number(process.hrtime.bigint() - startedAt) / 1000 / calls
}
