import { expect, test } from 'vitest'
import { createCallClock } from './call-clock.ts'

test('audio without holes maps one to one from where it began', () => {
  const clock = createCallClock()
  clock.sent(700, 100)
  clock.sent(800, 100)
  expect(clock.toCallMs(0, 'after')).toBe(700)
  expect(clock.toCallMs(150, 'before')).toBe(850)
})

test('the edge of a hole is before it for an end, after it for a start', () => {
  const clock = createCallClock()
  clock.sent(0, 100)
  clock.sent(500, 100)
  expect(clock.toCallMs(100, 'before')).toBe(100)
  expect(clock.toCallMs(100, 'after')).toBe(500)
  expect(clock.toCallMs(130, 'before')).toBe(530)
})
