import { expect, test } from 'vitest'
import { decidePoll, nextPollAt, type PolledMoments } from './decide-poll.ts'

const hour = 3_600_000

test.each([
  ['its end', 'completed', 60_000, null, 'apply'],
  ['its end, years late', 'busy', 9_999 * hour, null, 'apply'],
  ['alive', 'in-progress', 60_000, null, 'apply'],
  ['nothing', null, 60_000, null, 'wait'],
  ['alive past every limit', 'in-progress', 5 * hour, null, 'give_up'],
  ['nothing past every limit', null, 5 * hour, null, 'give_up'],
  ['nothing past its own limit', null, hour + 60_000, 60, 'give_up'],
  ['alive within its own limit', 'in-progress', hour, 60, 'apply'],
] as const)('Exotel tells %s', (_title, status, ageMs, timeLimitSeconds, expected) => {
  expect(decidePoll({ status, ageMs, timeLimitSeconds }).kind).toBe(expected)
})

const at = (ms: number) => new Date(1_000_000 + ms)
const dialed: PolledMoments = {
  ...{ createdAt: at(-5_000), dialingAt: at(-100), dialedAt: at(0) },
  ...{ unknownAt: null, answeredAt: null, heardAt: at(0) },
}
const next = (call: PolledMoments) => nextPollAt(call, 60_000) - 1_000_000

test('a silent call is asked about soon and then ever less often', () => {
  const asked: number[] = []
  for (let heardAt = 0; asked.length < 7;) {
    heardAt = next({ ...dialed, heardAt: at(heardAt) })
    asked.push(heardAt / 60_000)
  }
  expect(asked).toEqual([1, 2, 4, 8, 16, 24, 32])
})

test('each step of a call begins anew', () => {
  const late = { ...dialed, heardAt: at(900_000) }
  expect(next(late)).toBe(1_380_000)
  expect(next({ ...late, answeredAt: at(890_000) })).toBe(960_000)
  expect(next({ ...late, unknownAt: at(900_000) })).toBe(960_000)
})

test('a call whose Sid a person named is asked about as if it had been silent since its dial', () => {
  expect(next({ ...dialed, heardAt: null, unknownAt: at(500_000) })).toBe(60_000)
})
