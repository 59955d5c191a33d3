import { expect, test } from 'vitest'
import { parseCap, parseSpan, spanText } from './parse-span.ts'

test.each([
  ['1m', 60_000],
  ['90m', 5_400_000],
  ['12h', 43_200_000],
  ['7d', 604_800_000],
])('%s', (text, ms) => {
  expect(parseSpan(text)).toBe(ms)
  expect(spanText(ms)).toBe(text)
})

test('a span that is no whole number of minutes is shown as it is', () => {
  expect(spanText(61_500)).toBe('61500ms')
  expect(spanText(86_400_000)).toBe('1d')
})

test('off is said as such', () => {
  expect([parseSpan('off'), parseCap('off')]).toEqual(['off', 'off'])
  expect(parseCap('10')).toBe(10)
})

test.each(['', '0m', '-1h', '1.5h', '7', 'd', '1w'])('%j is no span', (text) => {
  expect(() => parseSpan(text)).toThrow('30m, 12h or 7d')
})

test.each(['', '0', '-1', '1.5', 'many'])('%j is no cap', (text) => {
  expect(() => parseCap(text)).toThrow('a number of calls')
})
