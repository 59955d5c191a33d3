import type { Stream } from '@callwire/contracts'
import { table } from '../output.ts'

/** Over all sockets that are shown: sums, but for the longest lag and the oldest heartbeat. */
export type StreamTotals = {
  sockets: number
  stale: number
  frames: number
  framesPerSecond: number
  duplicated: number
  rewound: number
  gapsMs: number
  bufferedMs: number
  longestLagMs: number
  oldestHeartbeatMs: number
}

export function totalsOf(streams: readonly Stream[]): StreamTotals {
  const sum = (value: (stream: Stream) => number) =>
    streams.reduce((total, stream) => total + value(stream), 0)
  const most = (value: (stream: Stream) => number) =>
    streams.reduce((total, stream) => Math.max(total, value(stream)), 0)
  return {
    sockets: streams.length,
    stale: sum(({ stale }) => (stale ? 1 : 0)),
    frames: sum(({ frames }) => frames),
    framesPerSecond: sum(({ framesPerSecond }) => framesPerSecond),
    duplicated: sum(({ duplicated }) => duplicated),
    rewound: sum(({ rewound }) => rewound),
    gapsMs: sum(({ gapsMs }) => gapsMs),
    bufferedMs: sum(({ bufferedMs }) => bufferedMs),
    longestLagMs: most(({ lagMs }) => lagMs ?? 0),
    oldestHeartbeatMs: most(({ heartbeatAgeMs }) => heartbeatAgeMs),
  }
}

const head = [
  ...['call', 'number', 'age', 'frames', 'frames/s', 'dup/rewound'],
  ...['gaps', 'buffered', 'lag', 'heartbeat'],
]

/** A row for each live socket and one for all of them together. */
export function streamsTable(streams: readonly Stream[]): string {
  if (streams.length === 0) return 'no live sockets'
  const all = totalsOf(streams)
  const rows = streams.map((stream) => [
    stream.callId,
    stream.number,
    spoken(stream.ageMs),
    String(stream.frames),
    String(stream.framesPerSecond),
    `${String(stream.duplicated)}/${String(stream.rewound)}`,
    spoken(stream.gapsMs),
    spoken(stream.bufferedMs),
    stream.lagMs === null ? '-' : spoken(stream.lagMs),
    `${spoken(stream.heartbeatAgeMs)}${stream.stale ? ' STALE' : ''}`,
  ])
  const totals = [
    `${String(all.sockets)} live`,
    '',
    '',
    String(all.frames),
    String(all.framesPerSecond),
    `${String(all.duplicated)}/${String(all.rewound)}`,
    spoken(all.gapsMs),
    spoken(all.bufferedMs),
    `<= ${spoken(all.longestLagMs)}`,
    `${String(all.stale)} stale`,
  ]
  return table([head, ...rows, totals])
}

const secondMs = 1_000
const minuteMs = 60_000
const hourMs = 3_600_000

/** A span as people read it: `80ms`, `4.2s`, `3m07s`, `1h02m`. */
export function spoken(ms: number): string {
  if (ms < secondMs) return `${String(ms)}ms`
  if (ms < minuteMs) return `${(Math.floor(ms / 100) / 10).toFixed(1)}s`
  const two = (value: number) => String(value).padStart(2, '0')
  if (ms < hourMs) {
    return `${String(Math.floor(ms / minuteMs))}m${two(Math.floor((ms % minuteMs) / secondMs))}s`
  }
  return `${String(Math.floor(ms / hourMs))}h${two(Math.floor((ms % hourMs) / minuteMs))}m`
}
