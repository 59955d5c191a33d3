import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createCallClock } from './call-clock.ts'
import type { SpeechProvider, TimedWord } from './provider.ts'
import { createSaid, type Said } from './said.ts'
import type { SpeechEvent } from './speech-event.ts'
import { createTelling } from './telling.ts'
import { joined } from './unsaid.ts'

const vendor = { id: 'v', capabilities: { reportsLoss: false } } as unknown as SpeechProvider

/** Words in a row by one speaker, with pauses between them. */
const speech = (speaker: string) =>
  fc
    .array(fc.record({ pauseMs: fc.nat(900), ms: fc.integer({ min: 60, max: 800 }) }), {
      minLength: 1,
      maxLength: 25,
    })
    .map((spans) => {
      let atMs = 0
      const words = spans.map(({ pauseMs, ms }, n): TimedWord => {
        const startMs = atMs + pauseMs
        atMs = startMs + ms
        return { text: `${speaker}${String(n)}`, startMs, endMs: atMs }
      })
      return { speaker, words }
    })

/** How many words each segment of one hearing has, over and over. */
const cut = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 6 })

function segmentsOf(words: readonly TimedWord[], lengths: readonly number[]): TimedWord[][] {
  const segments: TimedWord[][] = []
  for (let at = 0; at < words.length;) {
    const length = lengths[segments.length % lengths.length] ?? 1
    segments.push(words.slice(at, at + length))
    at += length
  }
  return segments
}

/** What is told when these segments are heard from `fromMs` on, each growing word by word. */
function hear(
  said: Said,
  segments: { speaker: string; words: TimedWord[] }[],
  o: { fromMs: number; isAgain: boolean },
): Extract<SpeechEvent, { type: 'interim' | 'final' }>[] {
  const told: SpeechEvent[] = []
  const push = (event: SpeechEvent) => told.push(event)
  const telling = createTelling({ push, doneToMs: 0, ...(o.isAgain ? { said } : {}) })
  telling.begin(vendor)
  const time = createCallClock()
  time.sent(o.fromMs, 1_000_000)
  segments.forEach(({ speaker, words }, n) => {
    const say = (type: 'interim' | 'final', count: number) => {
      const own = words.slice(0, count).map((word) => ({
        ...word,
        startMs: word.startMs - o.fromMs,
        endMs: word.endMs - o.fromMs,
      }))
      const event = { segment: String(n), speaker, words: own, ...joined(own) }
      telling.hear({ type, ...event }, time)
    }
    words.forEach((_word, index) => say('interim', index + 1))
    say('final', words.length)
  })
  telling.end(null)
  return told.flatMap((event) => (event.type === 'lost' ? [] : [event]))
}

test('each word ends in exactly one final, however two hearings cut them', () => {
  fc.assert(
    fc.property(
      fc.tuple(speech('a'), speech('b')),
      fc.tuple(cut, cut),
      fc.nat(30),
      fc.nat(5_000),
      (speakers, [cutBefore, cutAfter], finished, replayedMs) => {
        const inOrder = (lengths: readonly number[], fromMs: number) =>
          speakers
            .flatMap(({ speaker, words }) => {
              const heard = words.filter((word) => word.startMs >= fromMs)
              return segmentsOf(heard, lengths).map((some) => ({ speaker, words: some }))
            })
            .toSorted((a, b) => joined(a.words).endMs - joined(b.words).endMs)
        const before = inOrder(cutBefore, 0)
        const done = before.slice(0, finished)
        const said = createSaid()
        const first = hear(said, done, { fromMs: 0, isAgain: false })
        const finalsBefore = first.filter(({ type }) => type === 'final')
        // As a successor finds them on record: without word times.
        for (const { startMs, endMs, speaker } of finalsBefore) {
          said.final({ startMs, endMs, ...(speaker === undefined ? {} : { speaker }) })
        }
        const open = before.slice(finished).map(({ words }) => joined(words).startMs)
        const fromMs = Math.max(0, Math.min(...open, 1_000_000) - replayedMs)
        const again = hear(said, inOrder(cutAfter, fromMs), { fromMs, isAgain: true })
        const finals = [...finalsBefore, ...again.filter(({ type }) => type === 'final')]
        const words = finals.flatMap(({ text }) => text.split(' '))
        const all = speakers.flatMap((one) => one.words.map(({ text }) => text))
        expect(words.toSorted()).toEqual(all.toSorted())
      },
    ),
  )
})
