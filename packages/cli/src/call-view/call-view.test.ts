import type { CallEvent } from '@callwire/contracts'
import { expect, test } from 'vitest'
import { createCallView } from './call-view.ts'
import { clockText } from './format.ts'

const envelope = (seq: number, at: string) => ({
  id: 'evt_0123456789abcdefghjkmnpq',
  callId: 'cal_0123456789abcdefghjkmnpq',
  seq,
  at,
  salt: 'AAAAAAAAAAAAAAAAAAAAAA',
  hash: '0'.repeat(64),
})
const utteranceId = 'utt_0123456789abcdefghjkmnpq'
const started: CallEvent = {
  ...envelope(1, '2026-01-05T10:00:00.010Z'),
  type: 'stream.started',
  data: { streamSid: 's', sampleRate: 8000, startedAt: '2026-01-05T10:00:00.000Z' },
}
const final: CallEvent = {
  ...envelope(2, '2026-01-05T10:00:02.120Z'),
  type: 'transcript.final',
  data: {
    utteranceId,
    rev: 3,
    text: 'my number is [phone]',
    startMs: 500,
    endMs: 2_000,
    speaker: 'customer',
    provider: 'loopback',
    masked: [{ kind: 'phone', start: 13, end: 20 }],
  },
}
const interim = {
  utteranceId,
  rev: 1,
  text: 'my number',
  startMs: 500,
  endMs: 900,
  speaker: 'customer',
}

test('in a file there are finals with their latency, and no interims', () => {
  const view = createCallView({ isTerminal: false, columns: 80 })
  const text = view.event(started) + view.interim(interim) + view.event(final)
  expect(text).toBe('  ▶ live audio\n  00:00.5  customer  my number is [phone]   (+120 ms)\n')
})

test('on a terminal an interim is replaced in place, and gives way to its final', () => {
  const view = createCallView({ isTerminal: true, columns: 80 })
  expect(view.interim(interim)).toBe('\r\u001b[2K  … customer: my number')
  expect(view.event(started)).toBe('\r\u001b[2K  ▶ live audio\n  … customer: my number')
  expect(view.event(final)).toBe(
    '\r\u001b[2K  00:00.5  customer  my number is [phone]   (+120 ms)\n',
  )
})

test('an interim longer than the line shows its end', () => {
  const view = createCallView({ isTerminal: true, columns: 30 })
  const text = view.interim({ ...interim, text: `${'word '.repeat(20)}last` })
  expect(text.endsWith('word last')).toBe(true)
  expect(text.length - '\r\u001b[2K'.length).toBeLessThanOrEqual(30)
})

test.each([
  [0, '00:00.0'],
  [3_449, '00:03.4'],
  [61_050, '01:01.0'],
])('%i ms is %s', (ms, text) => expect(clockText(ms)).toBe(text))
