import type { CallEvent } from '@callwire/contracts'
import { expect, test } from 'vitest'
import { violations, type Told } from './check.ts'
import { tellCall, type Draft } from './testing/tell-call.ts'

const word = (text: string, startMs: number) => ({ text, startMs, endMs: startMs + 300 })
const turns = [
  { speakerName: 'agent', words: [word('balal', 300), word('bebel', 700)] },
  { speakerName: 'customer', words: [word('bibil', 1_500), word('bobol', 1_900)] },
]
const final = (utteranceId: string, text: string, startMs: number, endMs: number): Draft => ({
  type: 'transcript.final',
  data: {
    ...{ utteranceId, rev: 1, text, startMs, endMs, provider: 'loopback', masked: [] },
    speaker: startMs < 1_200 ? 'agent' : 'customer',
  },
})
const ended = (gaps: { fromMs: number; toMs: number }[] = [], o: object = {}): Draft => ({
  type: 'stream.ended',
  data: {
    ...{ frames: 120, audioMs: 2_400, duplicated: 0, rewound: 0, gaps, reason: 'stop' },
    ...o,
  },
})
const started: Draft = {
  type: 'stream.started',
  data: { streamSid: 's1', sampleRate: 8_000, startedAt: '2026-01-01T00:00:00.000Z' },
}
const gap = (fromMs: number, toMs: number): Draft => ({
  type: 'transcript.gap',
  data: { fromMs, toMs, reason: 'audio_lost' },
})

const first = final('utt_1', 'balal bebel', 300, 1_000)
const second = final('utt_2', 'bibil bobol', 1_500, 2_200)
const sound = [started, first, second, ended()]
const call = (drafts: readonly Draft[], o: Partial<Told> = {}, receipt: object = {}): Told => ({
  ...{ callId: 'cal_1', turns, spokenMs: 2_500, mayMiss: null },
  events: tellCall('cal_1', drafts, receipt),
  ...o,
})
const anywhere = { mayMiss: { fromMs: 0, toMs: 10_000 } }

test.each<[string, Told]>([
  ['every word once, in its place', call(sound)],
  [
    'a missing word in a gap of the transcript',
    call([started, first, final('utt_2', 'bobol', 1_900, 2_200), gap(1_500, 1_800), ended()], {
      mayMiss: { fromMs: 1_600, toMs: 1_700 },
    }),
  ],
  [
    'missing words in a gap of the socket',
    call([started, first, ended([{ fromMs: 1_000, toMs: 2_400 }])], anywhere),
  ],
  [
    'a missing word in two gaps that touch',
    call(
      [
        ...[started, first, final('utt_2', 'bibil', 1_500, 1_800)],
        ...[gap(1_850, 2_000), ended([{ fromMs: 2_000, toMs: 2_400 }])],
      ],
      { ...anywhere },
      { gaps: [{ fromMs: 1_850, toMs: 2_400 }] },
    ),
  ],
  [
    'a word that ends in a block which is named missing, too, where that may be',
    call([started, first, second, gap(2_150, 2_400), ended()], { ...anywhere, gapEdgeMs: 100 }),
  ],
  ['words after the end of the conversation', call([started, first, ended()], { spokenMs: 1_400 })],
  [
    'places of a socket that took over, within the tolerance',
    call([started, first, final('utt_2', 'bibil bobol', 1_520, 2_215), ended()], {
      ...{ exactToMs: 1_200, toleranceMs: 50 },
    }),
  ],
  [
    'a second revision in the place of the first',
    call([
      ...[started, first, second, ended()],
      {
        type: 'transcript.final',
        data: {
          ...{ utteranceId: 'utt_2', rev: 2, text: 'bibil bobol', startMs: 1_500, endMs: 2_200 },
          ...{ speaker: 'customer', provider: 'loopback', masked: [] },
        },
      },
    ]),
  ],
])('nothing is wrong with %s', (_what, told) => {
  expect(violations(told)).toEqual([])
})

const without = (seq: number, told: Told): Told => ({
  ...told,
  events: told.events.filter((event) => event.seq !== seq),
})
const changed = (seq: number, change: object, told: Told): Told => ({
  ...told,
  events: told.events.map((event) =>
    event.seq === seq ? ({ ...event, data: { ...event.data, ...change } } as CallEvent) : event,
  ),
})

test.each<[string, RegExp, Told]>([
  [
    'a word in silence',
    /“bobol” at 1900–2200 is in no final and in no gap/,
    call([started, first, final('utt_2', 'bibil', 1_500, 1_800), ended()], anywhere),
  ],
  [
    'a gap that covers half of the word',
    /“bobol” at 1900–2200 is in no final and in no gap/,
    call([started, first, final('utt_2', 'bibil', 1_500, 1_800), gap(2_000, 2_200), ended()], {
      ...anywhere,
    }),
  ],
  [
    'a word missing where nothing was lost',
    /“bobol” .* is missing, though nothing was lost there/,
    call([started, first, final('utt_2', 'bibil', 1_500, 1_800), gap(1_900, 2_200), ended()], {
      mayMiss: { fromMs: 0, toMs: 1_000 },
    }),
  ],
  [
    'a gap where nothing was lost',
    /gap 2300–2400 is where nothing/,
    call([...sound, gap(2_300, 2_400)]),
  ],
  ['a gap of no length', /has no length/, call([...sound, gap(2_300, 2_300)], anywhere)],
  [
    'a word twice',
    /“bobol” .* is told 2 times/,
    call([...sound, final('utt_3', 'bobol', 1_900, 2_200)]),
  ],
  [
    'an utterance twice under two names',
    /“bibil” .* is told 2 times/,
    call([...sound, final('utt_3', 'bibil bobol', 1_500, 2_200)]),
  ],
  [
    'a word that is told and named missing',
    /“bobol” .* is told, and named missing/,
    call([...sound, gap(2_000, 2_100)], anywhere),
  ],
  [
    'a word that nobody said',
    /“never”, which nobody said/,
    call([...sound, final('utt_3', 'never', 2_300, 2_400)]),
  ],
  [
    'another speaker',
    /is agent’s and not customer’s/,
    call([...[started, first, ended()], { ...second, data: { ...second.data, speaker: 'agent' } }]),
  ],
  [
    'another order',
    /in another order/,
    call([started, first, final('utt_2', 'bobol bibil', 1_900, 1_800), ended()]),
  ],
  [
    'a place that is off by a frame',
    /was spoken at 1500–2200/,
    call([started, first, final('utt_2', 'bibil bobol', 1_520, 2_220), ended()]),
  ],
  [
    'a place beyond the tolerance',
    /was spoken at 1500–2200/,
    call([started, first, final('utt_2', 'bibil bobol', 1_600, 2_300), ended()], {
      ...{ exactToMs: 1_200, toleranceMs: 50 },
    }),
  ],
  [
    'a place before the takeover that is off',
    /was spoken at 300–1000/,
    call([started, final('utt_1', 'balal bebel', 320, 1_020), second, ended()], {
      ...{ exactToMs: 1_200, toleranceMs: 50 },
    }),
  ],
  ['a socket without an end', /1 sockets had audio, and 0 ended/, call([started, first, second])],
  ['no receipt', /there is no receipt/, without(5, call(sound))],
  ['a missing event', /chain: seq 3 at place 2/, without(2, call(sound))],
  ['a changed event', /chain: hash of seq 2/, changed(2, { startMs: 301 }, call(sound))],
  ['frames that do not add up', /frames is 119 and not 120/, call(sound, {}, { frames: 119 })],
  ['audio that does not add up', /audioMs is 1 and not 2400/, call(sound, {}, { audioMs: 1 })],
  [
    'utterances that do not add up',
    /utterances is 3 and not 2/,
    call(sound, {}, { utterances: 3 }),
  ],
  [
    'a gap the receipt does not know',
    /gaps is \[\] and not/,
    call([...sound, gap(2_300, 2_400)], anywhere, { gaps: [] }),
  ],
  ['a hash that is not the last one’s', /hash is "00"/, call(sound, {}, { hash: '00' })],
])('%s is found out', (_what, message, told) => {
  expect(violations(told).join('\n')).toMatch(message)
})
