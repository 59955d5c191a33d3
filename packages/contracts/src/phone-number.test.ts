import { expect, test } from 'vitest'
import { normalizePhoneNumber } from './phone-number.ts'

test.each([
  ['09876543210', 'IN', '+919876543210'],
  ['9876543210', 'IN', '+919876543210'],
  ['+91 98765-43210', 'IN', '+919876543210'],
  ['00919876543210', 'IN', '+919876543210'],
  ['080 4711 2233', 'IN', '+918047112233'],
  ['+14155552671', 'IN', '+14155552671'],
  ['(415) 555-2671', 'US', '+14155552671'],
])('%s in %s is %s', (text, country, number) => {
  expect(normalizePhoneNumber(text, country)).toBe(number)
})

test.each([
  '',
  '12',
  'call me',
  '+919876543210 ext. 5',
  '+91987654321098765',
  'javascript:1',
  '9'.repeat(40),
])('%j is no number', (text) => expect(normalizePhoneNumber(text)).toBeNull())

test('an unknown country has no numbers', () => {
  expect(normalizePhoneNumber('9876543210', 'XX')).toBeNull()
})
