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

/**
 * What is new in `now` since the counters of a row; null when nothing is. For a socket that was
 * taken for lost and then went on: both ends are told, and a reader adds them up.
 */
export function sinceRow(row: Counters, now: Counters): Counters | null {
  const told = new Set(row.gaps.map(({ fromMs, toMs }) => `${fromMs}-${toMs}`))
  const gaps = now.gaps.filter(({ fromMs, toMs }) => !told.has(`${fromMs}-${toMs}`))
  const frames = now.frames - row.frames
  const duplicated = now.duplicated - row.duplicated
  if (frames <= 0 && duplicated <= 0 && gaps.length === 0) return null
  return {
    frames,
    audioMs: now.audioMs - row.audioMs,
    duplicated,
    rewound: now.rewound - row.rewound,
    clockMs: now.clockMs,
    gaps,
  }
}
