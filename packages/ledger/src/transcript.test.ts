import type { CallEvent } from '@callwire/contracts'
import { expect, test } from 'vitest'
import { transcriptOf } from './transcript.ts'

const final = (utteranceId: string, rev: number, startMs: number) =>
  ({
    type: 'transcript.final',
    data: { utteranceId, rev, startMs, endMs: startMs + 10, text: `${utteranceId} ${rev}` },
  }) as unknown as CallEvent

test('holds each utterance once, in its last revision, in order of time', () => {
  const events = [
    final('b', 1, 50),
    final('a', 1, 20),
    { type: 'alert', data: {} } as unknown as CallEvent,
    final('a', 3, 10),
    final('a', 2, 30),
    { type: 'transcript.final', data: null, erased: true } as unknown as CallEvent,
  ]
  expect(transcriptOf(events).map(({ text }) => text)).toEqual(['a 3', 'b 1'])
})
