import type { CallEvent } from '@callwire/contracts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NO_MEDIA_WAIT_MS, receiptOf, receiptVerdict, union, type ReceiptFacts } from './receipt.ts'

const END = 1_000_000
const ended: ReceiptFacts = {
  status: 'completed',
  answeredAtMs: END - 10_000,
  endedAtMs: END,
  nowMs: END,
  streams: [{ ended: true }],
  transcription: 'done',
  lastType: 'call.status',
}

test.each<[string, Partial<ReceiptFacts>, string]>([
  ['all is there', {}, 'write'],
  ['the status is not final', { status: 'in-progress' }, 'wait'],
  ['nobody knows whether it was placed', { status: 'unknown' }, 'wait'],
  ['a stream is open', { streams: [{ ended: true }, { ended: false }] }, 'wait'],
  ['words are being written', { transcription: 'pending' }, 'wait'],
  ['a stream without audio has no words', { transcription: null }, 'write'],
  ['the last fact is a receipt', { lastType: 'call.receipt' }, 'closed'],
  ['a receipt came before later facts', { lastType: 'alert' }, 'write'],
  [
    'never answered, so no media can come',
    { status: 'no-answer', answeredAtMs: null, streams: [], transcription: null },
    'write',
  ],
  [
    'canceled before the dial',
    { status: 'canceled', answeredAtMs: null, streams: [], transcription: null },
    'write',
  ],
  ['answered, media may still come', { streams: [], transcription: null }, 'wait'],
  [
    'answered, media did not come for nearly so long',
    { streams: [], transcription: null, nowMs: END + NO_MEDIA_WAIT_MS - 1 },
    'wait',
  ],
  [
    'answered, media never came',
    { streams: [], transcription: null, nowMs: END + NO_MEDIA_WAIT_MS },
    'write',
  ],
  [
    'completed without news of the answer: media may come',
    { answeredAtMs: null, streams: [], transcription: null },
    'wait',
  ],
  ['failed after an answer', { status: 'failed', streams: [], transcription: null }, 'wait'],
])('%s', (_name, facts, verdict) => {
  expect(receiptVerdict({ ...ended, ...facts })).toBe(verdict)
})

const event = (type: string, data: object | null) => ({ type, data }) as unknown as CallEvent
const stream = (o: object) =>
  event('stream.ended', {
    frames: 0,
    audioMs: 0,
    duplicated: 0,
    rewound: 0,
    gaps: [],
    reason: 'stop',
    ...o,
  })
const final = (utteranceId: string) => event('transcript.final', { utteranceId })
const gap = (fromMs: number, toMs: number) =>
  event('transcript.gap', { fromMs, toMs, reason: 'no_provider' })
const head = { seq: 12, hash: 'ab'.repeat(32) }

describe('a receipt', () => {
  test('sums sockets, counts utterances once, joins both kinds of gap', () => {
    const events = [
      stream({ frames: 10, audioMs: 200, duplicated: 1, gaps: [{ fromMs: 100, toMs: 140 }] }),
      final('a'),
      final('b'),
      final('a'),
      gap(130, 200),
      gap(500, 600),
      stream({ frames: 5, audioMs: 100, rewound: 2, gaps: [{ fromMs: 0, toMs: 50 }] }),
    ]
    expect(receiptOf(head, events)).toEqual({
      revision: 1,
      events: 12,
      utterances: 2,
      frames: 15,
      duplicated: 1,
      rewound: 2,
      audioMs: 300,
      gaps: [
        { fromMs: 0, toMs: 50 },
        { fromMs: 100, toMs: 200 },
        { fromMs: 500, toMs: 600 },
      ],
      hash: head.hash,
    })
  })

  test('after another is the next revision, and erased events count nothing', () => {
    const earlier = event('call.receipt', { revision: 1 })
    expect(receiptOf(head, [final('a'), earlier, event('transcript.final', null)])).toMatchObject({
      revision: 2,
      utterances: 1,
    })
  })
})

test('a union covers the same moments, in order, without overlap', () => {
  const range = fc
    .tuple(fc.nat(50), fc.nat(20))
    .map(([fromMs, length]) => ({ fromMs, toMs: fromMs + length }))
  const moments = (ranges: { fromMs: number; toMs: number }[]) =>
    [...Array(80).keys()].filter((ms) => ranges.some((r) => r.fromMs <= ms && ms < r.toMs))
  fc.assert(
    fc.property(fc.array(range, { maxLength: 10 }), (ranges) => {
      const joined = union(ranges)
      expect(moments(joined)).toEqual(moments(ranges))
      for (const [index, { fromMs, toMs }] of joined.entries()) {
        expect(toMs).toBeGreaterThan(fromMs)
        expect(joined[index + 1]?.fromMs ?? Infinity).toBeGreaterThan(toMs)
      }
    }),
  )
})
