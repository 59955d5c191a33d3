import type { Range } from './outbox.ts'

/** What one socket has received; times on the call's clock. */
export type Counters = {
  frames: number
  audioMs: number
  duplicated: number
  rewound: number
  clockMs: number
  gaps: Range[]
}

export const nothingCounted: Counters = {
  frames: 0,
  audioMs: 0,
  duplicated: 0,
  rewound: 0,
  clockMs: 0,
  gaps: [],
}

/** What is in `now` and was not told yet; the clock stays where it is. */
export function sinceTold(told: Counters, now: Counters): Counters {
  const known = new Set(told.gaps.map(({ fromMs, toMs }) => `${fromMs}-${toMs}`))
  return {
    frames: now.frames - told.frames,
    audioMs: now.audioMs - told.audioMs,
    duplicated: now.duplicated - told.duplicated,
    rewound: now.rewound - told.rewound,
    clockMs: now.clockMs,
    gaps: now.gaps.filter(({ fromMs, toMs }) => !known.has(`${fromMs}-${toMs}`)),
  }
}

/** All that two ends of one socket have told. */
export function toldTogether(a: Counters, b: Counters): Counters {
  return {
    frames: a.frames + b.frames,
    audioMs: a.audioMs + b.audioMs,
    duplicated: a.duplicated + b.duplicated,
    rewound: a.rewound + b.rewound,
    clockMs: Math.max(a.clockMs, b.clockMs),
    gaps: [...a.gaps, ...b.gaps],
  }
}

/**
 * What is new in `now` since the counters of a row; null when nothing is. For a socket that was
 * taken for lost and then went on: both ends are told, and a reader adds them up.
 */
export function sinceRow(row: Counters, now: Counters): Counters | null {
  const rest = sinceTold(row, now)
  return rest.frames <= 0 && rest.duplicated <= 0 && rest.gaps.length === 0 ? null : rest
}
