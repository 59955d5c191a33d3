import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { weekdays, type CallingHours } from './hours.ts'
import { hoursVerdict } from './hours-verdict.ts'

const india = '+919876543210'
const newYork = '+12125550123'
const nowhere = '+870773111632'
const everyDay: CallingHours = { windows: [{ days: weekdays, from: '09:00', to: '21:00' }] }
const at = (text: string) => Date.parse(text)

/** The verdict as a word, or as the moment at which hours begin. */
function verdict(hours: CallingHours | null, number: string, time: string): string {
  const found = hoursVerdict(hours, number, at(time))
  if (found.open) return 'open'
  return found.opensAtMs === null ? 'never' : new Date(found.opensAtMs).toISOString().slice(0, 16)
}

describe('the clock that counts is where the person is', () => {
  test.each<[string, CallingHours | null, string, string, string]>([
    ['no hours', null, india, '2026-01-05T22:00Z', 'open'],
    ['the first minute', everyDay, india, '2026-01-05T03:30Z', 'open'],
    ['the last second before', everyDay, india, '2026-01-05T03:29:59.999Z', '2026-01-05T03:30'],
    ['the last minute', everyDay, india, '2026-01-05T15:29:59.999Z', 'open'],
    ['the end itself is outside', everyDay, india, '2026-01-05T15:30Z', '2026-01-06T03:30'],
    [
      'a zone for everybody',
      { ...everyDay, zone: 'UTC' },
      india,
      '2026-01-05T08:59Z',
      '2026-01-05T09:00',
    ],
    ['a number of no country', everyDay, nowhere, '2026-01-05T10:00Z', 'never'],
    [
      '… unless a zone is named',
      { ...everyDay, zone: 'UTC' },
      nowhere,
      '2026-01-05T10:00Z',
      'open',
    ],
    [
      'open in New York, not in Honolulu',
      everyDay,
      newYork,
      '2026-01-05T15:00Z',
      '2026-01-05T19:00',
    ],
    ['open in both', everyDay, newYork, '2026-01-05T20:00Z', 'open'],
    ['no windows', { windows: [] }, india, '2026-01-05T10:00Z', 'never'],
    [
      'whole days',
      { windows: [{ days: ['mon'], from: '00:00', to: '24:00' }] },
      india,
      '2026-01-05T18:29Z',
      'open',
    ],
    [
      'the day after',
      { windows: [{ days: ['mon'], from: '00:00', to: '24:00' }] },
      india,
      '2026-01-05T18:30Z',
      '2026-01-11T18:30',
    ],
    [
      'the same day a week later',
      { windows: [{ days: ['mon'], from: '09:00', to: '09:30' }] },
      india,
      '2026-01-05T04:00Z',
      '2026-01-12T03:30',
    ],
    [
      'hours that no two zones share',
      { windows: [{ days: weekdays, from: '09:00', to: '09:30' }] },
      newYork,
      '2026-01-05T15:00Z',
      'never',
    ],
  ])('%s', (_name, hours, number, time, expected) => {
    expect(verdict(hours, number, time)).toBe(expected)
  })
})

describe('days on which clocks change', () => {
  const berlin = (from: string, to: string): CallingHours => ({
    windows: [{ days: weekdays, from, to }],
    zone: 'Europe/Berlin',
  })
  test.each([
    ['hours keep to the wall', berlin('09:00', '10:00'), '2026-03-28T20:00Z', '2026-03-29T07:00'],
    [
      'a beginning that is skipped is the change',
      berlin('02:30', '04:00'),
      '2026-03-29T00:30Z',
      '2026-03-29T01:00',
    ],
    [
      'hours that are skipped whole wait a day',
      berlin('02:10', '02:40'),
      '2026-03-29T00:30Z',
      '2026-03-30T00:10',
    ],
    [
      'an hour that comes twice is open twice',
      berlin('02:30', '03:00'),
      '2026-10-25T01:00Z',
      '2026-10-25T01:30',
    ],
  ])('%s', (_name, hours, time, expected) => {
    expect(verdict(hours, india, time)).toBe(expected)
  })
})

test('a refusal says the time there, and when to call', () => {
  expect(hoursVerdict(everyDay, india, at('2026-01-05T16:44Z'))).toMatchObject({
    sentence:
      'It is 22:14 on Monday 5 January in Asia/Kolkata, outside the calling hours; they begin at 09:00 on Tuesday 6 January there.',
  })
  expect(hoursVerdict(everyDay, newYork, at('2026-01-05T15:00Z'))).toMatchObject({
    sentence: expect.stringMatching(
      /^It is 05:00 on Monday 5 January in America\/Adak, one of \d+ time zones this number may be in, and outside the calling hours; they begin in all of them at 09:00 on Monday 5 January there\.$/,
    ) as string,
  })
  expect(hoursVerdict(everyDay, nowhere, 0)).toMatchObject({
    sentence: expect.stringContaining('name a zone') as string,
  })
})

test('an opening is the first minute that is open, whatever the hours', () => {
  const time = fc.integer({ min: 0, max: 95 })
  const clock = (quarter: number) =>
    `${String(Math.floor(quarter / 4)).padStart(2, '0')}:${String((quarter % 4) * 15).padStart(2, '0')}`
  const window = fc
    .tuple(time, time, fc.subarray([...weekdays], { minLength: 1 }))
    .map(([a, b, days]) => ({ days, from: clock(Math.min(a, b)), to: clock(Math.max(a, b) + 1) }))
  const zone = fc.constantFrom(undefined, 'Europe/Berlin', 'Australia/Lord_Howe', 'Asia/Kathmandu')
  const number = fc.constantFrom(india, '+447700900123', '+61412345678')
  const quarterMs = 15 * 60_000
  const firstMs = at('2026-01-01T00:00Z') / quarterMs
  fc.assert(
    fc.property(
      fc.array(window, { minLength: 1, maxLength: 3 }),
      zone,
      number,
      fc.integer({ min: 0, max: 365 * 96 }),
      (windows, named, person, quarters) => {
        const hours = { windows, zone: named }
        const now = (firstMs + quarters) * quarterMs
        const found = hoursVerdict(hours, person, now)
        if (found.open) return
        // Every clock and every change of one is at a whole quarter of an hour.
        const limit = found.opensAtMs ?? now + 8 * 24 * 60 * 60_000
        for (let later = now; later < limit; later += quarterMs) {
          expect(hoursVerdict(hours, person, later).open).toBe(false)
        }
        if (found.opensAtMs !== null) {
          expect(hoursVerdict(hours, person, found.opensAtMs).open).toBe(true)
        }
      },
    ),
    { numRuns: 25 },
  )
})
