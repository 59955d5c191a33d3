import { describe, expect, it } from 'vitest'
import { bucketsOf, quantileSince } from './histogram.ts'
import { createSearch } from './search.ts'
import type { Turn } from './turn.ts'

/** A side that holds so many streams, driven by a load that keeps its time up to a number. */
function side(o: { holds: number; fairUpTo: number; busy?: number }) {
  return (streams: number): Turn => ({
    side: 'callwire',
    streams,
    sent: 100,
    closed: [],
    windowMs: 1_000,
    cpuMs: [],
    pings: 10,
    pongs: 10,
    lagP50: 1,
    lagP99: streams > Math.min(o.holds, o.fairUpTo) ? 500 : 10,
    lagMax: 500,
    lateP99: streams > o.fairUpTo ? 200 : 2,
    lost: 0,
    missing: 0,
    cost: 0.05,
    busy: o.busy ?? (streams / o.holds) * 0.93,
  })
}

function search(turnOf: (streams: number) => Turn, o: { first: number; most: number }) {
  const one = createSearch(o)
  const tried: number[] = []
  for (let next = one.next(); next !== null; next = one.next()) {
    tried.push(next)
    one.tell(turnOf(next))
  }
  return { ...one.found(), tried }
}

describe('the search for the largest number', () => {
  it.each([
    [430, 300],
    [700, 500],
    [700, 1_000],
  ])('finds %d from %d within a few streams in a hundred', (holds, first) => {
    const { streams, endedBy, tried } = search(side({ holds, fairUpTo: 5_000 }), {
      first,
      most: 1_600,
    })
    expect(streams).toBeLessThanOrEqual(holds)
    expect(streams).toBeGreaterThan(holds * 0.93)
    expect(endedBy).toBe('server')
    expect(tried.length).toBeLessThanOrEqual(14)
  })

  it('finds it also where the processor tells little', () => {
    const found = search(side({ holds: 700, fairUpTo: 5_000, busy: 0.5 }), {
      first: 500,
      most: 1_600,
    })
    expect(found.streams).toBeGreaterThan(651)
  })

  it('stops at its bound', () => {
    const found = search(side({ holds: 900, fairUpTo: 5_000 }), { first: 500, most: 600 })
    expect(found).toMatchObject({ streams: 600, endedBy: 'bound' })
  })

  it('does not take a load that was late for a server that is full', () => {
    const found = search(side({ holds: 900, fairUpTo: 560 }), { first: 500, most: 1_600 })
    expect(found).toMatchObject({ streams: 500, endedBy: 'load' })
    // Held twice; then once, and twice more in case somebody else had the machine.
    expect(found.tried).toHaveLength(5)
  })

  it('does not believe a number that was held once alone', () => {
    const turnOf = side({ holds: 700, fairUpTo: 5_000 })
    let lucky = 1
    const luckyOnce = (streams: number) =>
      streams > 700 && lucky-- > 0 ? { ...turnOf(700), streams } : turnOf(streams)
    const found = search(luckyOnce, { first: 800, most: 1_600 })
    expect(found.streams).toBeLessThanOrEqual(700)
  })
})

describe('a histogram between two looks', () => {
  const look = (counts: readonly number[]) =>
    [0.05, 0.1, 0.25]
      .map((le, at) => `wait_seconds_bucket{le="${le}"} ${counts[at] ?? 0}`)
      .concat(`wait_seconds_bucket{le="+Inf"} ${counts[3] ?? 0}`, 'other_bucket{le="0.05"} 7')
      .join('\n')
  const since = (before: number[], after: number[]) =>
    quantileSince(
      bucketsOf(look(before), 'wait_seconds') ?? [],
      bucketsOf(look(after), 'wait_seconds') ?? [],
    )

  it('gives the quantiles of what came between them', () => {
    const at = since([100, 100, 100, 100], [100, 180, 200, 200])
    expect(at(0.4)).toBeCloseTo(0.075)
    expect(at(0.9)).toBeCloseTo(0.175)
  })

  it('has no number beyond its last bound, and none of nothing', () => {
    expect(since([0, 0, 0, 0], [0, 0, 0, 5])(0.5)).toBe(Infinity)
    expect(since([3, 3, 3, 3], [3, 3, 3, 3])(0.5)).toBeNaN()
    expect(bucketsOf('', 'wait_seconds')).toBeNull()
  })
})
