import { expect, test } from 'vitest'
import { expiredReason, hasExpired } from './decide-expiry.ts'

const hour = 3_600_000

test.each([
  ['within its time', { nowMs: hour }, false],
  ['a moment past its time', { nowMs: hour + 1 }, true],
  ['scheduled for later', { scheduleAtMs: hour, nowMs: 2 * hour }, false],
  ['too long after its schedule', { scheduleAtMs: hour, nowMs: 2 * hour + 1 }, true],
  ['scheduled for a time that was past', { scheduleAtMs: -hour, nowMs: hour }, false],
  ['of a tenant that waits for ever', { expireAfterMs: null, nowMs: 1e15 }, false],
])('a call %s', (_, over, expired) => {
  const call = { createdAtMs: 0, scheduleAtMs: null, expireAfterMs: hour, nowMs: 0 }
  expect(hasExpired({ ...call, ...over })).toBe(expired)
})

test.each([
  [86_400_000, '1 day'],
  [36 * hour, '36 hours'],
  [60_000, '1 minute'],
  [90_000, '90 seconds'],
  [1_500, '1500 ms'],
])('a limit of %d ms reads %s', (ms, words) => {
  expect(expiredReason(ms)).toEqual({
    code: 'expired',
    message: `Given up: not dialed within ${words} of the time it was wanted.`,
  })
})
