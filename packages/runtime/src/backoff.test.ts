import { expect, test } from 'vitest'
import { backoffMs } from './backoff.ts'

const highest = () => Buffer.from([255, 255, 255, 255])
const lowest = () => Buffer.alloc(4)

test.each([
  [0, 100],
  [1, 200],
  [3, 800],
  [10, 5_000],
  [5_000, 5_000],
  [-1, 100],
])('try %i waits at most %i ms and at least nothing', (attempt, most) => {
  expect(backoffMs(attempt, { baseMs: 100, maxMs: 5_000, random: highest })).toBe(most)
  expect(backoffMs(attempt, { baseMs: 100, maxMs: 5_000, random: lowest })).toBe(0)
})
