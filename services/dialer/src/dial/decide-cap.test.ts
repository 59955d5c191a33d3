import { expect, test } from 'vitest'
import { decideCap, LONGEST_LINE, type Places, type TenantCaps } from './decide-cap.ts'

const none: TenantCaps = { tenant: null, phone: null, account: null }
const empty: Places = {
  live: { tenant: 0, phone: 0, account: 0 },
  line: { tenant: 0, phone: 0 },
  inLine: false,
}
const live = (over: Partial<Places['live']>) => ({ live: { ...empty.live, ...over } })
const line = (count: number) => ({ line: { tenant: count, phone: count } })

const rows: [string, Partial<TenantCaps>, Partial<Places>, string | null][] = [
  ['no cap', {}, live({ tenant: 99, phone: 99, account: 99 }), null],
  ['a place left', { phone: 10 }, live({ phone: 9 }), null],
  ['none left', { phone: 10 }, live({ phone: 10 }), '10 of 10 calls of this phone number'],
  ['a cap of one', { tenant: 1 }, live({ tenant: 1 }), '1 of 1 call of this tenant'],
  ['a cap that was lowered', { tenant: 5 }, live({ tenant: 8 }), '5 of 5 calls of this tenant'],
  [
    'an account of many',
    { account: 3 },
    live({ account: 3 }),
    '3 of 3 calls of this Exotel account',
  ],
  [
    'several, the nearest named',
    { phone: 1, tenant: 1, account: 1 },
    live({ phone: 1, tenant: 1, account: 1 }),
    '1 of 1 call of this phone number',
  ],
]

test.each(rows)('%s', (_, caps, places, begin) => {
  const decision = decideCap({ ...none, ...caps }, { ...empty, ...places }, 0)
  if (begin === null) expect(decision).toBeNull()
  else {
    const message = `Waiting: ${begin} ${begin.startsWith('1 of') ? 'is' : 'are'} under way.`
    expect(decision?.reason).toEqual({ code: 'waiting_for_cap', message })
  }
})

test.each([
  ['comes to one place with nobody in line', { phone: 5 }, line(0), false, false],
  ['comes to one place with another in line', { phone: 5 }, line(1), false, true],
  ['comes to two places with another in line', { phone: 6 }, line(1), false, false],
  ['is in line itself', { phone: 5 }, line(9), true, false],
  [
    'comes where others wait for another number',
    { phone: 5 },
    { line: { tenant: 9, phone: 0 } },
    false,
    false,
  ],
])('a call that %s', (_, caps, places, inLine, waits) => {
  const now = { ...empty, ...live({ phone: 4 }), ...places, inLine }
  const decision = decideCap({ ...none, ...caps }, now, 0)
  expect(decision !== null).toBe(waits)
  if (waits) expect(decision?.reason.message).toMatch(/came earlier/)
})

test('the wait grows with the line, spread around 20 looks a second, within bounds', () => {
  const full = { ...empty, ...live({ tenant: 1 }) }
  const wait = (count: number, fraction: number) =>
    decideCap({ ...none, tenant: 1 }, { ...full, ...line(count) }, fraction)?.delayMs
  expect([wait(0, 0), wait(0, 0.5)]).toEqual([500, 1_000])
  expect([wait(199, 0), wait(199, 0.5)]).toEqual([5_000, 10_000])
  expect(wait(LONGEST_LINE, 0.5)).toBe(120_000)
  expect(wait(LONGEST_LINE * 10, 0.5)).toBe(120_000)
})
