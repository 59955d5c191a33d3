import type { CallEvent } from '@callwire/contracts'
import { ofType } from '../expected-words.ts'
import type { Range } from './check.ts'

/** Everything the ledger says is missing of a call, by sockets and by the words' writer, as it is said. */
export function gapsOf(events: readonly CallEvent[]): Range[] {
  return [
    ...ofType(events, 'stream.ended').flatMap(({ data }) => data.gaps),
    ...ofType(events, 'transcript.gap').map(({ data }) => data),
  ].map(({ fromMs, toMs }) => ({ fromMs, toMs }))
}

/** What the last receipt gets wrong of the events before it; that there is none, too. */
export function receiptProblems(events: readonly CallEvent[]): string[] {
  const receipts = ofType(events, 'call.receipt')
  const last = receipts.at(-1)
  if (last === undefined) return ['there is no receipt']
  if (last !== events.at(-1)) return ['the receipt is not the last event']
  const ended = ofType(events, 'stream.ended').map(({ data }) => data)
  const sum = (key: 'frames' | 'audioMs' | 'duplicated' | 'rewound') =>
    ended.reduce((total, data) => total + data[key], 0)
  const expected = {
    revision: receipts.length,
    events: last.seq - 1,
    utterances: new Set(ofType(events, 'transcript.final').map(({ data }) => data.utteranceId))
      .size,
    frames: sum('frames'),
    duplicated: sum('duplicated'),
    rewound: sum('rewound'),
    audioMs: sum('audioMs'),
    gaps: joined(gapsOf(events)),
    hash: events.at(-2)?.hash ?? '',
  }
  return Object.entries(expected).flatMap(([key, value]) => {
    const told = JSON.stringify(last.data[key as keyof typeof expected])
    return told === JSON.stringify(value)
      ? []
      : [`the receipt’s ${key} is ${told} and not ${JSON.stringify(value)}`]
  })
}

/** The moments that lie in any of the ranges, as few ranges as possible. */
export function joined(ranges: readonly Range[]): Range[] {
  const all: Range[] = []
  for (const range of ranges.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const last = all.at(-1)
    if (last !== undefined && range.fromMs <= last.toMs) {
      last.toMs = Math.max(last.toMs, range.toMs)
    } else all.push({ ...range })
  }
  return all
}
