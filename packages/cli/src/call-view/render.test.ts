import type { CallEvent, EventData, EventType } from '@callwire/contracts'
import { describe, expect, it } from 'vitest'

import { clock, nothingPrinted, renderEvent, renderInterim, type Printed } from './render.ts'

const base = {
  id: 'evt_000000000000000000000000',
  callId: 'cal_000000000000000000000000',
  seq: 1,
  hash: 'ab'.repeat(32),
  salt: 'A'.repeat(22),
}

function event<T extends EventType>(type: T, data: EventData<T>, at = '2025-01-01T00:00:10.000Z') {
  return { ...base, type, data, at } as unknown as CallEvent
}

const started: Printed = { audioStartedAtMs: Date.parse('2025-01-01T00:00:00.000Z') }
const utterance = {
  utteranceId: 'utt_000000000000000000000000',
  rev: 2,
  text: 'Please call me on [phone].',
  startMs: 2_340,
  endMs: 9_877,
  speaker: 'customer',
  provider: 'loopback',
  masked: [],
}
const receipt = {
  revision: 1,
  events: 9,
  utterances: 4,
  frames: 512,
  duplicated: 0,
  rewound: 0,
  audioMs: 10_240,
  gaps: [],
  hash: '0123456789abcdef'.repeat(4),
}

describe('renderEvent', () => {
  it.each<[string, CallEvent, string[]]>([
    ['a status', event('call.status', { status: 'ringing', previous: 'dialing' }), ['- ringing']],
    [
      'a status with its reason',
      event('call.status', {
        status: 'failed',
        previous: 'dialing',
        reason: { code: 'provider_auth', message: 'Invalid Exotel credentials' },
      }),
      ['- failed: Invalid Exotel credentials'],
    ],
    [
      'a final with speaker and latency',
      event('transcript.final', utterance),
      ['[00:02.3] customer: Please call me on [phone].   (+123 ms)'],
    ],
    [
      'words that were lost',
      event('transcript.gap', { fromMs: 61_050, toMs: 62_000, reason: 'audio_altered' }),
      ['[01:01.0] (words lost: audio_altered)'],
    ],
    [
      'a receipt as a sentence',
      event('call.receipt', receipt),
      [
        'Receipt: 4 utterances and 9 events from 10.2 s of audio in 512 frames; nothing was lost. Chain ends in 0123456789ab….',
      ],
    ],
    [
      'a receipt with a hole',
      event('call.receipt', {
        ...receipt,
        revision: 2,
        utterances: 1,
        gaps: [{ fromMs: 1_000, toMs: 2_500 }],
      }),
      [
        'Receipt (revision 2): 1 utterance and 9 events from 10.2 s of audio in 512 frames; 1.5 s were lost in 1 gap. Chain ends in 0123456789ab….',
      ],
    ],
    [
      'nothing for the end of a stream',
      event('stream.ended', {
        frames: 1,
        audioMs: 20,
        duplicated: 0,
        rewound: 0,
        gaps: [],
        reason: 'stop',
      }),
      [],
    ],
  ])('prints %s', (_what, news, lines) => {
    expect(renderEvent(started, news)).toEqual({ printed: started, lines, live: null })
  })

  it.each([
    ['transcript.final', ['(words erased)']],
    ['alert', []],
  ] as const)('says of an erased %s what is to be said', (type, lines) => {
    const erased = { ...base, type, at: '2025-01-01T00:00:10.000Z', data: null, erased: true }
    expect(renderEvent(started, erased as unknown as CallEvent)).toEqual({
      ...{ printed: started, lines, live: null },
    })
  })

  it('counts latency from the first audio on', () => {
    const first = event('stream.started', {
      streamSid: 's',
      sampleRate: 8_000,
      startedAt: '2025-01-01T00:00:00.000Z',
    })
    expect(renderEvent(nothingPrinted, first).printed).toEqual(started)
    expect(renderEvent(nothingPrinted, event('transcript.final', utterance)).lines).toEqual([
      '[00:02.3] customer: Please call me on [phone].',
    ])
  })

  it('keeps the first start when a second stream takes over', () => {
    const second = event('stream.started', {
      streamSid: 't',
      sampleRate: 8_000,
      startedAt: '2025-01-01T00:00:07.000Z',
    })
    expect(renderEvent(started, second).printed).toEqual(started)
  })
})

it('shows words in the making as the live line', () => {
  const output = renderInterim(started, { ...utterance, text: 'Please call' })
  expect(output).toEqual({
    printed: started,
    lines: [],
    live: '[00:02.3] customer: Please call',
  })
})

it.each([
  [0, '00:00.0'],
  [999, '00:00.9'],
  [59_999, '00:59.9'],
  [60_000, '01:00.0'],
  [6_000_000, '100:00.0'],
])('writes %d ms as %s', (ms, text) => {
  expect(clock(ms)).toBe(text)
})
