import { expect, test } from 'vitest'
import { callStatusOf, v3StatusOf } from './call-status.ts'
import { normalizeExotelNumber } from './exotel-number.ts'
import { createdWindow, istTimestamp, parseExotelTime } from './exotel-time.ts'

test.each([
  ['completed', 'completed'],
  ['IN-PROGRESS', 'in-progress'],
  ['in_progress', 'in-progress'],
  ['no-answer', 'no-answer'],
  ['cancelled', 'canceled'],
  [' busy ', 'busy'],
  ['queued', null],
  ['null', null],
  ['', null],
  [null, null],
  [7, null],
  ['constructor', null],
  ['voicemail', null],
])('status %j is %s', (word, status) => {
  expect(callStatusOf(word)).toBe(status)
})

test.each([
  ['from_leg_unanswered', 'no-answer'],
  ['from_leg_cancelled', 'canceled'],
  ['to_leg_no_dial', 'failed'],
  ['completed', 'completed'],
  [null, null],
  ['__proto__', null],
])('v3 status %j is %s', (word, status) => {
  expect(v3StatusOf(word)).toBe(status)
})

test.each([
  ['09876543210', '+919876543210'],
  ['9876543210', '+919876543210'],
  ['+919876543210', '+919876543210'],
  ['919876543210', '+919876543210'],
  ['08044556677', '+918044556677'],
  ['+14155550100', '+14155550100'],
  ['', null],
  ['anonymous', null],
  ['sip:agent', null],
])('number %j is %s', (text, number) => {
  expect(normalizeExotelNumber(text)).toBe(number)
})

test.each([
  ['2026-01-02 00:15:00', Date.UTC(2026, 0, 1, 18, 45)],
  ['2022-11-03 22:54:40+05:30', Date.UTC(2022, 10, 3, 17, 24, 40)],
  ['2022-11-03T17:24:40.123Z', Date.UTC(2022, 10, 3, 17, 24, 40, 123)],
  ['1970-01-01 05:30:00', null],
  ['1970-01-01 05:30:00+05:30', null],
  ['2026-13-45 99:00:00', null],
  ['Tue, 07 Jan 2025', null],
  [null, null],
])('time %j', (text, epochMs) => {
  expect(parseExotelTime(text)).toBe(epochMs)
})

test('writes windows in Indian time and reads its own writing', () => {
  const from = Date.UTC(2025, 11, 31, 18, 29, 59)
  expect(createdWindow(from, from + 1_000)).toBe('gte:2025-12-31 23:59:59;lte:2026-01-01 00:00:00')
  expect(parseExotelTime(istTimestamp(from))).toBe(from)
})
