import type { Figure, Limit, Report } from '../lib/figure.ts'
import type { Faulted } from './faults.ts'
import { quantile } from './growth.ts'
import type { Besieged } from './hostile.ts'
import type { Soaked } from './soak.ts'

const MIB = 1024 * 1024

/** A run that is shorter says nothing of memory: the collector has hardly begun. */
const LEAST_SECONDS_FOR_MEMORY = 300
/** What the collector may leave lying about between the first and the last third of a run. */
const MAX_GROWTH_MIB = 32
/** What it cannot take away: hardly anything. A leak of a kilobyte a call would be more within an hour. */
const MAX_FLOOR_GROWTH_MIB = 12
/** Connections to stores that a pool opened and has not closed again. */
const MAX_MORE_FDS = 16
/** The same of timers: a few belong to connections. */
const MAX_MORE_TIMERS = 16
/** A thousand sockets that each fill every buffer they are given would take more. */
const MAX_SIEGE_MIB = 192
const MAX_LATE_MS = 100
/** Attacks that are over before the next one begins besiege nobody. */
const LEAST_AT_ONCE = 0.1
/** Cases that are told in full. */
const CASES_SHOWN = 12

/** Everything that the parts of a run counted; null for a part that was left out. */
export type Findings = {
  soaked: Soaked | null
  besieged: Besieged | null
  faulted: Faulted | null
  seconds: number
}

export function report({ soaked, besieged, faulted, seconds }: Findings): Report {
  const problems = [soaked, besieged, faulted].flatMap((part) => part?.problems ?? [])
  const figures = [
    ...(soaked === null ? [] : ofSoak(soaked, seconds)),
    ...(besieged === null ? [] : ofSiege(besieged)),
    ...(faulted === null ? [] : ofFaults(faulted)),
    count('what is told wrong', problems.length, { exactly: 0 }),
  ]
  return { figures, problems: problems.slice(0, CASES_SHOWN) }
}

function ofSoak(s: Soaked, seconds: number): Figure[] {
  const long = seconds >= LEAST_SECONDS_FOR_MEMORY
  const names = ['ingest', 'transcriber'] as const
  return [
    count('soak: calls', s.calls, { atLeast: 1 }),
    count('soak: words spoken', s.words.spoken, { atLeast: 1 }),
    count('soak: words lost', s.words.spoken - s.words.told, { exactly: 0 }),
    ...names.flatMap((name) => [
      { name: `soak: memory of ${name}, at most`, value: s.peak[name] / MIB, unit: 'MiB' },
      {
        name: `soak: memory of ${name}, last third over first`,
        ...{ value: s.growth[name].rss / MIB, unit: 'MiB' },
        ...(long ? { limit: { atMost: MAX_GROWTH_MIB } } : {}),
      },
      {
        name: 'soak: … of it behind the collector',
        ...{ value: s.growth[name].floor / MIB, unit: 'MiB' },
        ...(long ? { limit: { atMost: MAX_FLOOR_GROWTH_MIB } } : {}),
      },
      count(
        `soak: descriptors of ${name}, more than before`,
        s.after[name].fds - s.before[name].fds,
        {
          atMost: MAX_MORE_FDS,
        },
      ),
      count(
        `soak: timers of ${name}, more than before`,
        s.after[name].timers - s.before[name].timers,
        {
          atMost: MAX_MORE_TIMERS,
        },
      ),
    ]),
    count('soak: audio of ended calls in Redis, entries', s.left.entries, { exactly: 0 }),
    count('soak: Redis streams that never expire', s.left.immortal, { exactly: 0 }),
  ]
}

function ofSiege(b: Besieged): Figure[] {
  const late = (name: string, ms: number[], share: number, limit?: Limit) => ({
    ...{ name, value: quantile(ms, share), unit: 'ms' },
    ...(limit === undefined ? {} : { limit }),
  })
  return [
    count('siege: hostile sockets', b.opened, { atLeast: 1 }),
    count('siege: … at once, at most', b.most, { atLeast: Math.floor(b.opened * LEAST_AT_ONCE) }),
    ...Object.entries(b.endings)
      .toSorted(([one], [other]) => one.localeCompare(other))
      .map(([ending, n]) => count(`siege: … ${ending}`, n)),
    count('siege: … that were never ended', b.stillOpen, { exactly: 0 }),
    count('siege: words spoken in good calls', b.words.spoken, { atLeast: 1 }),
    count('siege: words of good calls lost', b.words.spoken - b.words.told, { exactly: 0 }),
    count('siege: good streams that broke off', b.probesLost, { exactly: 0 }),
    late('siege: lateness in quiet, p50', b.quietMs, 0.5),
    late('siege: lateness in quiet, p99', b.quietMs, 0.99),
    late('siege: lateness beside hostile sockets, p50', b.besiegedMs, 0.5),
    late('siege: lateness beside hostile sockets, p99', b.besiegedMs, 0.99, {
      atMost: MAX_LATE_MS,
    }),
    {
      ...{ name: 'siege: memory of ingest, more than before, at most', unit: 'MiB' },
      ...{ value: (b.rssMost - b.rssBefore) / MIB, limit: { atMost: MAX_SIEGE_MIB } },
    },
    count('siege: descriptors of ingest, more than before', b.after.fds - b.before.fds, {
      atMost: MAX_MORE_FDS,
    }),
    count('siege: timers of ingest, more than before', b.after.timers - b.before.timers, {
      atMost: MAX_MORE_TIMERS,
    }),
  ]
}

function ofFaults(f: Faulted): Figure[] {
  return [
    ...[...f.trials].map(([called, n]) => count(`faults: ${called}`, n, { atLeast: 1 })),
    count('faults: calls live meanwhile', f.calls, { atLeast: 1 }),
    count('faults: words spoken', f.words.spoken, { atLeast: 1 }),
    count('faults: words told', f.words.told),
    count('faults: words in explicit gaps', f.words.spoken - f.words.told),
  ]
}

function count(name: string, value: number, limit?: Limit): Figure {
  return { name, value, unit: '', ...(limit === undefined ? {} : { limit }) }
}
