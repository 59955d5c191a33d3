import { expect, test } from 'vitest'
import { createCallClock } from './call-clock.ts'
import { HOLE_WAIT_MS } from './holes.ts'
import type { SpeechProvider } from './provider.ts'
import { createSaid } from './said.ts'
import type { SpeechEvent } from './speech-event.ts'
import { createTelling } from './telling.ts'

const providerThat = (reportsLoss: boolean) =>
  ({ id: 'p', capabilities: { reportsLoss } }) as unknown as SpeechProvider

/** A call that was heard from 0 to 10 s but for one second from 3 s on. */
function tell(o: { reportsLoss?: boolean; said?: ReturnType<typeof createSaid> } = {}) {
  const events: SpeechEvent[] = []
  const push = (event: SpeechEvent) => events.push(event)
  const telling = createTelling({ push, doneToMs: 0, ...(o.said ? { said: o.said } : {}) })
  telling.begin(providerThat(o.reportsLoss ?? true))
  const time = createCallClock()
  time.sent(0, 3_000)
  time.sent(4_000, 6_000)
  const hole = (reason = 'audio_lost') => {
    telling.hole({ startMs: 3_000, endMs: 4_000, reason })
  }
  return {
    telling,
    hole,
    /** Times as the provider counts them: the hole is no time to it. */
    say: (type: 'interim' | 'final', startMs: number, endMs: number, segment = 's') => {
      telling.hear({ type, segment, text: 'x', startMs, endMs }, time)
    },
    lose: (startMs: number, endMs: number) => {
      telling.hear({ type: 'lost', startMs, endMs, reason: 'audio_missing' }, time)
    },
    lost: () =>
      events.flatMap((e) => (e.type === 'lost' ? [[e.startMs, e.endMs, e.reason] as const] : [])),
    types: () => events.map((event) => event.type),
    texts: () => events.map((event) => ('text' in event ? event.text : '')),
  }
}

test('a hole and the words that it cut are one loss, told before what comes after it', () => {
  const { hole, say, lose, lost, types } = tell()
  say('interim', 2_000, 2_700)
  hole()
  lose(2_700, 3_200)
  expect(types()).toEqual(['interim'])
  say('interim', 2_000, 3_500)
  expect(types()).toEqual(['interim', 'lost', 'interim'])
  expect(lost()).toEqual([[2_700, 4_200, 'audio_lost']])
})

test('a hole in which nobody spoke is told for itself, after a while or at the end', () => {
  const one = tell()
  one.hole()
  one.telling.heardTo(4_000 + HOLE_WAIT_MS - 1)
  expect(one.lost()).toEqual([])
  one.telling.heardTo(4_000 + HOLE_WAIT_MS)
  expect(one.lost()).toEqual([[3_000, 4_000, 'audio_lost']])
  const other = tell()
  other.hole()
  other.telling.end(null)
  expect(other.lost()).toEqual([[3_000, 4_000, 'audio_lost']])
})

test('a hole that the media service told of itself is the provider’s to judge, if it can', () => {
  const able = tell()
  able.hole('audio_missing')
  able.lose(2_700, 3_200)
  able.telling.end(null)
  expect(able.lost()).toEqual([[2_700, 4_200, 'audio_missing']])
  const unable = tell({ reportsLoss: false })
  unable.hole('audio_missing')
  unable.telling.hole({ startMs: 8_000, endMs: 8_020, reason: 'audio_missing' })
  unable.telling.end(null)
  expect(unable.lost()).toEqual([[3_000, 4_000, 'audio_missing']])
})

test('what an earlier holder told of is not told again', () => {
  const said = createSaid()
  said.gap({ startMs: 2_700, endMs: 4_200 })
  const { hole, lose, telling, lost } = tell({ said })
  hole()
  lose(2_700, 3_200)
  telling.end(null)
  expect(lost()).toEqual([])
})

test('when nobody is left to ask, the rest is one gap with the holes in it', () => {
  const { hole, say, telling, lost } = tell()
  say('final', 500, 2_000)
  hole()
  telling.end({ toMs: 10_000, reason: 'provider_failed' })
  expect(lost()).toEqual([[2_000, 10_000, 'provider_failed']])
})

test('what is needed again begins with the earliest word that is not final', () => {
  const { say, telling } = tell()
  say('interim', 1_000, 1_500, 'a')
  say('final', 500, 2_000, 'b')
  expect(telling.neededFromMs()).toBe(1_000)
  say('final', 1_000, 2_500, 'a')
  expect(telling.neededFromMs()).toBe(2_500)
  telling.begin(providerThat(true))
  say('final', 1_000, 2_500, 'a')
  expect(telling.finalToMs()).toBe(2_500)
})

test('a segment that was shown gets its final, though a vendor takes its new word back', () => {
  const said = createSaid()
  said.final({ startMs: 500, endMs: 2_000 })
  const { telling, types, texts } = tell({ said })
  const time = createCallClock()
  time.sent(0, 10_000)
  const word = (text: string, startMs: number, endMs: number) => ({ text, startMs, endMs })
  const hear = (type: 'interim' | 'final', words: ReturnType<typeof word>[], text: string) => {
    const endMs = words.at(-1)?.endMs ?? 2_100
    telling.hear({ type, segment: 's', text, startMs: 1_500, endMs, words }, time)
  }
  hear('interim', [word('say', 1_500, 1_900)], 'say')
  hear('interim', [word('say', 1_500, 1_900), word('ye', 1_950, 2_250)], 'say ye')
  hear('final', [word('say', 1_500, 1_900), word('so', 1_950, 2_010)], 'say so')
  expect([types(), texts()]).toEqual([
    ['interim', 'final'],
    ['ye', 'so'],
  ])
  expect(telling.neededFromMs()).toBe(2_010)
})
