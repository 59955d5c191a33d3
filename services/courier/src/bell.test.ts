import { manualClock } from '@callwire/testkit'
import { expect, test } from 'vitest'
import { createBell } from './bell.ts'

const never = new AbortController().signal

/** Whether a sleep is over once everything has run that can. */
async function isOver(clock: ReturnType<typeof manualClock>, sleep: Promise<void>) {
  let over = false
  void sleep.then(() => {
    over = true
  })
  await clock.advance(0)
  return over
}

test('a sleep ends by its time, by a ring or by the end of all', async () => {
  const clock = manualClock()
  const bell = createBell(clock)
  const byTime = bell.sleep(100, never)
  await clock.advance(99)
  expect(await isOver(clock, byTime)).toBe(false)
  await clock.advance(1)
  expect(await isOver(clock, byTime)).toBe(true)

  const byRing = bell.sleep(100, never)
  expect(await isOver(clock, byRing)).toBe(false)
  bell.ring()
  expect(await isOver(clock, byRing)).toBe(true)

  const stop = new AbortController()
  const byEnd = bell.sleep(100, stop.signal)
  stop.abort()
  expect(await isOver(clock, byEnd)).toBe(true)
  expect(clock.sleepers()).toBe(0)
})

test('a ring while nobody sleeps is kept for one sleep', async () => {
  const clock = manualClock()
  const bell = createBell(clock)
  bell.ring()
  bell.ring()
  expect(await isOver(clock, bell.sleep(100, never))).toBe(true)
  expect(await isOver(clock, bell.sleep(100, never))).toBe(false)
})
