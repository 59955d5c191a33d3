import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { CommandPart } from './encode-command.ts'
import {
  answersTo,
  commandOf,
  ENTRIES_AT_ONCE,
  groupReads,
  KEYS_PER_COMMAND,
  type RawEntry,
} from './read-groups.ts'

type Streams = ReadonlyMap<string, readonly number[]>

const after = (ids: readonly number[], id: string) => ids.filter((one) => one > Number(id))
const entryOf = (id: number): RawEntry => [Buffer.from(String(id)), []]

/** XREAD as Redis does it, over streams whose ids are whole numbers. */
function xread(streams: Streams, [name, word, count, source, ...rest]: readonly CommandPart[]) {
  expect([name, word, source]).toEqual(['XREAD', 'COUNT', 'STREAMS'])
  const keys = rest.slice(0, rest.length / 2).map(String)
  const ids = rest.slice(rest.length / 2).map(String)
  const found = keys.flatMap((key, i) => {
    const news = after(streams.get(key) ?? [], ids[i] ?? '').slice(0, Number(count))
    return news.length === 0 ? [] : [[Buffer.from(key), news.map(entryOf)]]
  })
  return found.length === 0 ? null : found
}

const nowMs = 50
const wish = fc.record({
  key: fc.nat(300).map((n) => `audio:{cal_${n}}`),
  afterId: fc.nat(20).map(String),
  count: fc.constantFrom(1, 10, 64),
  untilMs: fc.constantFrom(nowMs - 1, nowMs, nowMs + 1),
  isAlone: fc.constantFrom(false, false, false, true),
})
const streams = fc
  .array(fc.tuple(fc.nat(300), fc.nat(100)), { maxLength: 300 })
  .map((all): Streams => {
    const ids = (length: number) => Array.from({ length }, (_, i) => i + 1)
    return new Map(all.map(([n, length]) => [`audio:{cal_${n}}`, ids(length)]))
  })

test('each wish is asked for once, and answered from its own stream, in order', () => {
  fc.assert(
    fc.property(fc.array(wish, { maxLength: 600, size: 'max' }), streams, (wishes, held) => {
      const groups = groupReads(wishes)
      expect(new Set(groups.flatMap((group) => [...group.wishes.values()]))).toEqual(
        new Set(wishes),
      )
      let [asked, mostAtOnce] = [0, 0]
      for (const group of groups) {
        const size = group.wishes.size
        asked += size
        expect(size).toBeLessThanOrEqual(KEYS_PER_COMMAND)
        const all = [...group.wishes.values()]
        if (all.some(({ isAlone }) => isAlone)) expect(size).toBe(1)
        const command = commandOf(group, wishes.length)
        const most = Number(command[2])
        mostAtOnce += most * size
        const answers = answersTo(group, xread(held, command), nowMs)
        const given = new Map(answers.map((answer) => [answer.wish, answer.entries]))
        expect(given.size).toBe(answers.length)
        for (const one of all) {
          const news = after(held.get(one.key) ?? [], one.afterId)
          const first = news.slice(0, Math.min(one.count, most)).map(entryOf)
          const isAnswered = news.length > 0 || one.untilMs <= nowMs
          expect(given.get(one)).toEqual(isAnswered ? first : undefined)
        }
      }
      expect(asked).toBe(wishes.length)
      expect(mostAtOnce).toBeLessThanOrEqual(ENTRIES_AT_ONCE)
    }),
    // A failure of hundreds of wishes takes minutes to be made small.
    { numRuns: 60, interruptAfterTimeLimit: 10_000 },
  )
})

test.each([
  [1, 64],
  [32, 64],
  [33, 62],
  [500, 4],
  [3_000, 1],
])('of %i streams asked for at once each gives up to %i entries', (keys, most) => {
  const wishes = Array.from({ length: keys }, (_, n) => ({
    key: `audio:{cal_${n}}`,
    afterId: '0',
    count: 64,
  }))
  for (const group of groupReads(wishes)) {
    const start = ['XREAD', 'COUNT', String(most), 'STREAMS']
    expect(commandOf(group, keys).slice(0, 4)).toEqual(start)
  }
})
