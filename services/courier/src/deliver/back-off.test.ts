import { expect, test } from 'vitest'
import { askedWaitMs, MAX_ATTEMPTS, nextWaitMs, retryAfterMs } from './back-off.ts'

const least = () => Buffer.alloc(4, 0)
const most = () => Buffer.alloc(4, 0xff)
const hour = 3_600_000

test('ten attempts, spread over a little more than three days', () => {
  const waits = Array.from({ length: MAX_ATTEMPTS }, (_, n) => nextWaitMs(n + 1, null, least))
  expect(waits).toEqual([...retryAfterMs, null])
  const hours = waits.reduce((sum: number, ms) => sum + (ms ?? 0), 0) / hour
  expect(hours).toBeGreaterThan(75)
  expect(hours).toBeLessThan(76)
})

test('each wait is up to a fifth longer than the table says, and never shorter', () => {
  for (const [n, base] of retryAfterMs.entries()) {
    expect(nextWaitMs(n + 1, null, least)).toBe(base)
    const longest = nextWaitMs(n + 1, null, most) ?? 0
    expect(longest / base).toBeGreaterThan(1.19)
    expect(longest / base).toBeLessThanOrEqual(1.2)
  }
})

test.each([
  ['more than the table says is granted', 1, 60_000, 60_000],
  ['less than the table says is not', 2, 1_000, 300_000],
  ['more than a day is a day', 1, 400 * hour, 24 * hour],
])('a host that asks: %s', (_what, attempts, askedMs, expected) => {
  expect(nextWaitMs(attempts, askedMs, least)).toBe(expected)
})

test('asking brings nobody an eleventh attempt', () => {
  expect(nextWaitMs(MAX_ATTEMPTS, 1_000, least)).toBeNull()
})

const now = Date.parse('2026-01-02T03:04:05Z')

test.each([
  ['120', 120_000],
  [' 0 ', 0],
  ['Fri, 02 Jan 2026 03:05:05 GMT', 60_000],
  ['Fri, 02 Jan 2026 03:00:00 GMT', 0],
  ['', null],
  ['-5', null],
  ['1.5', null],
  ['soon', null],
  ['2026', 2_026_000],
  ['2026-01-02T03:05:05Z', null],
  ['Fri, 99 Jan 2026 99:99:99 GMT', null],
  ['99999999999999999999', null],
  [null, null],
])('Retry-After %j is %j ms', (header, ms) => {
  expect(askedWaitMs(header, now)).toBe(ms)
})
