import { expect, test } from 'vitest'
import { parseWindow, windowText } from './parse-hours.ts'

const week = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']

test.each([
  ['mon-fri 09:00-21:00', week.slice(0, 5), 'mon-fri 09:00-21:00'],
  ['daily 00:00-24:00', week, 'daily 00:00-24:00'],
  ['mon-sun 00:00-24:00', week, 'daily 00:00-24:00'],
  ['Sat,SUN  10:00-14:00', ['sat', 'sun'], 'sat,sun 10:00-14:00'],
  ['sun-mon 10:00-14:00', ['sun', 'mon'], 'mon,sun 10:00-14:00'],
  ['fri-tue 10:00-14:00', ['fri', 'sat', 'sun', 'mon', 'tue'], 'mon,tue,fri-sun 10:00-14:00'],
  ['mon,mon,wed 10:00-14:00', ['mon', 'wed'], 'mon,wed 10:00-14:00'],
])('%s', (text, days, shown) => {
  const window = parseWindow(text)
  expect(window.days).toEqual(days)
  expect(windowText(window)).toBe(shown)
  expect(new Set(parseWindow(shown).days)).toEqual(new Set(days))
})

test.each([
  ['', 'mon-fri 09:00-21:00'],
  ['09:00-21:00', 'mon-fri 09:00-21:00'],
  ['mon 9-21', 'mon-fri 09:00-21:00'],
  ['monday 09:00-21:00', 'Days are mon'],
  ['mon-wed-fri 09:00-21:00', 'Days are mon'],
  ['mon, 09:00-21:00', 'Days are mon'],
])('%j is refused with an example', (text, sentence) => {
  expect(() => parseWindow(text)).toThrow(sentence)
})
