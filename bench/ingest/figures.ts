import type { Figure } from '../lib/bench.ts'
import type { Comparison } from './compare.ts'
import type { Pipe } from './pipe.ts'
import type { Search } from './search.ts'

const OF_FLOOR = { atMost: 1.4 }
const STREAMS = { atLeast: 400 }
const NONE = { atMost: 0 }
const TO_PROVIDER = { atMost: 150 }
const LAG = { atMost: 100 }

type Residents = { streams: number; resident: readonly number[] }

/** Of both sides, ours first. */
export type Measured = {
  comparisons: readonly Comparison[]
  /** Processor time of an opening, ms. */
  opening: ReadonlyMap<'callwire' | 'floor', number>
  searches: readonly ReturnType<Search['found']>[] | null
  memory: { low: Residents; high: Residents } | null
  pipe: Pipe | null
}

export function figuresOf(measured: Measured): Figure[] {
  const { comparisons, opening, searches, memory, pipe } = measured
  return [
    ...comparisons.flatMap(costs),
    figure('to open a stream, its handshake and its call', opening.get('callwire') ?? NaN, 'ms'),
    figure('the floor’s, its handshake', opening.get('floor') ?? NaN, 'ms'),
    ...(searches === null ? [] : largest(searches)),
    // Memory is told by the difference, where there is one.
    ...(memory === null || memory.high.streams <= memory.low.streams ? [] : memories(memory)),
    ...(searches === null ? [] : lengths(pipe)),
    figure(
      'frames and blocks of ours that were lost',
      comparisons.reduce((sum, { lost }) => sum + lost, 0),
      'pieces',
      NONE,
    ),
  ]
}

function costs({ streams, callwire, floor, ratio }: Comparison): Figure[] {
  const ms = (cost: number) => cost * 1_000
  return [
    figure(`CPU per stream-minute at ${streams} streams`, ms(callwire.cost), 'ms'),
    figure('the floor’s', ms(floor.cost), 'ms'),
    figure('ours to the floor’s', ratio, '×', OF_FLOOR),
    figure('lag of a ping behind the frames, p99', callwire.lagP99, 'ms', LAG),
    figure('the floor’s', floor.lagP99, 'ms'),
    figure('of it the load’s own lateness, p99', callwire.lateP99, 'ms'),
  ]
}

function largest([ours, floors]: readonly ReturnType<Search['found']>[]): Figure[] {
  // A load that could not go on says that there are at least so many.
  const name = (text: string, found: typeof ours) =>
    found?.endedBy === 'server' ? text : `${text}, at least`
  return [
    figure(name('streams that one core holds', ours), ours?.streams ?? NaN, 'streams', STREAMS),
    figure(name('the floor’s', floors), floors?.streams ?? NaN, 'streams'),
  ]
}

function memories({ low, high }: { low: Residents; high: Residents }): Figure[] {
  const each = (side: number) =>
    ((high.resident[side] ?? NaN) - (low.resident[side] ?? NaN)) / (high.streams - low.streams)
  return [figure('memory of a stream', each(0), 'bytes'), figure('the floor’s', each(1), 'bytes')]
}

function lengths(pipe: Pipe | null): Figure[] {
  const at = pipe === null ? '' : ` at ${pipe.streams} streams`
  return [
    figure(`audio in to the provider${at}, p50`, pipe?.p50 ?? NaN, 'ms'),
    figure(`audio in to the provider${at}, p99`, pipe?.p99 ?? NaN, 'ms', TO_PROVIDER),
  ]
}

function figure(name: string, value: number, unit: string, limit?: Figure['limit']): Figure {
  return { name, value, unit, ...(limit && { limit }) }
}
