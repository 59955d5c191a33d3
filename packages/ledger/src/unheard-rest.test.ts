import type { CallEvent } from '@callwire/contracts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { unheardRest, type UnheardFacts } from './unheard-rest.ts'

const START = 1_000_000
const at = (ms: number) => new Date(START + ms)
const event = (type: string, data: object | null) => ({ type, data }) as unknown as CallEvent
const started = event('stream.started', {})
const ended = (reason: string, gaps: object[] = []) => event('stream.ended', { reason, gaps })
const stream = (clockMs: number, o: Partial<UnheardFacts['streams'][number]> = {}) => ({
  openedAt: at(-200),
  startedAt: at(0),
  clockStartMs: 0,
  clockMs,
  ...o,
})

/** A call of a minute whose only socket was lost after twenty seconds. */
const lost: UnheardFacts = {
  events: [started, ended('lost')],
  streams: [stream(20_000)],
  ackedMs: 18_000,
  endedAt: at(60_000),
}
const rest = (fromMs: number, toMs = 60_000) => ({ fromMs, toMs })
const hourMs = 3_600_000

describe('the rest of a call that nobody heard', () => {
  test.each<[string, Partial<UnheardFacts>, ReturnType<typeof unheardRest>]>([
    ['begins before the word in which the audio broke off', {}, rest(18_000)],
    ['is none while the end is not known', { endedAt: null }, null],
    ['is none without a socket', { streams: [], events: [] }, null],
    ['is none after a stop', { events: [started, ended('callended')] }, null],
    ['is none after a stop without words', { events: [started, ended('stop')] }, null],
    ['is none after a closing handshake', { events: [started, ended('closed')] }, null],
    ['is none of a call that was cancelled', { events: [started, ended('canceled')] }, null],
    [
      'is the word that was cut when the break ended the call',
      { endedAt: at(20_050) },
      rest(18_000, 20_050),
    ],
    ['reaches the end of the audio at least', { endedAt: at(19_950) }, rest(18_000, 20_000)],
    [
      'is none when the break ended the call and cut no word',
      {
        events: [started, event('transcript.final', { endMs: 20_000 }), ended('drain')],
        endedAt: at(20_050),
      },
      null,
    ],
    ['is as short as a block', { endedAt: at(20_100) }, rest(18_000, 20_100)],
    ['begins behind what was heard of a row that lags', { ackedMs: 22_500 }, rest(20_500)],
    [
      'begins behind the last word',
      { events: [started, event('transcript.final', { endMs: 23_000 }), ended('lost')] },
      rest(23_000),
    ],
    [
      'begins behind a gap that is told',
      { events: [started, ended('lost'), event('transcript.gap', { fromMs: 0, toMs: 30_000 })] },
      rest(30_000),
    ],
    [
      'begins behind a gap of a socket',
      { events: [started, ended('drain', [{ fromMs: 20_000, toMs: 21_000 }])] },
      rest(21_000),
    ],
    [
      'is none when another socket heard the end, however late the first one is told of',
      { events: [started, started, ended('callended'), ended('lost')] },
      null,
    ],
    [
      'is that of the last socket',
      {
        events: [started, ended('stopped'), started, ended('drain')],
        streams: [stream(20_000), stream(40_000, { clockStartMs: 25_000, startedAt: at(25_000) })],
      },
      rest(38_000),
    ],
    [
      'is the whole call where no audio came',
      { events: [ended('no_media')], streams: [stream(0, { startedAt: null })], ackedMs: 0 },
      rest(0, 60_200),
    ],
    [
      'follows a stream that Exotel capped, whatever the stop says',
      {
        events: [started, ended('stopped')],
        streams: [stream(hourMs - 20_000)],
        endedAt: at(2 * hourMs),
      },
      rest(hourMs - 22_000, 2 * hourMs),
    ],
    [
      'is none when a further socket went on after the cap',
      {
        events: [started, ended('stopped'), started, ended('callended')],
        streams: [stream(hourMs), stream(hourMs + 5_000, { clockStartMs: hourMs })],
        endedAt: at(hourMs + 6_000),
      },
      null,
    ],
  ])('%s', (_name, facts, expected) => {
    expect(unheardRest({ ...lost, ...facts })).toEqual(expected)
  })

  test('never covers a word, and never what is told', () => {
    const spoken = fc.record({
      type: fc.constantFrom('transcript.final', 'transcript.gap'),
      fromMs: fc.nat(80_000),
      lengthMs: fc.nat(5_000),
    })
    fc.assert(
      fc.property(fc.array(spoken), fc.nat(80_000), fc.nat(80_000), (said, clockMs, ackedMs) => {
        const told = said.map(({ type, fromMs, lengthMs }) => {
          const toMs = fromMs + lengthMs
          return event(type, { fromMs, toMs, startMs: fromMs, endMs: toMs })
        })
        const events = [started, ...told, ended('disconnected')]
        const found = unheardRest({ ...lost, events, ackedMs, streams: [stream(clockMs)] })
        const toldMs = Math.max(0, ...said.map((s) => s.fromMs + s.lengthMs))
        const audioMs = Math.max(clockMs, ackedMs)
        const fromMs = Math.max(toldMs, audioMs - 2_000)
        const toMs = Math.max(60_000, audioMs)
        expect(found).toEqual(toMs - fromMs >= 100 ? rest(fromMs, toMs) : null)
      }),
    )
  })
})
