import { captureLogs, manualClock } from '@callwire/testkit'
import { expect, test } from 'vitest'
import { holdLease } from './hold-lease.ts'

const times = { leaseMs: 5_000, renewMs: 1_500 }

/** A lease in a Redis that answers as a test says; `asked` counts how often it was. */
function held(answers: () => Promise<boolean>) {
  const clock = manualClock()
  const asked: number[] = []
  const released: string[] = []
  const leases = {
    acquire: () => {
      asked.push(clock.monotonicMs())
      return answers()
    },
    release: (callId: string) => {
      released.push(callId)
      return Promise.resolve()
    },
  }
  const { log } = captureLogs({ service: 'test' })
  const deps = { leases, owner: 'me', times, clock, log }
  return { lease: holdLease(deps, 'cal_1', clock.monotonicMs()), clock, asked, released }
}

test('is renewed well before it runs out, and given back in the end', async () => {
  const { lease, clock, asked, released } = held(() => Promise.resolve(true))
  await clock.advance(60_000)
  expect(asked.slice(0, 3)).toEqual([1_500, 3_000, 4_500])
  expect(lease.isHeld()).toBe(true)
  await lease[Symbol.asyncDispose]()
  expect(released).toEqual(['cal_1'])
  expect(lease.lost.aborted).toBe(false)
  await clock.advance(60_000)
  expect(asked).toHaveLength(40)
})

test('is lost at once when another has it', async () => {
  const { lease, clock } = held(() => Promise.resolve(false))
  await clock.advance(1_500)
  expect(lease.lost.aborted).toBe(true)
  expect(lease.isHeld()).toBe(false)
  await lease[Symbol.asyncDispose]()
})

test('outlives a Redis that is away for less than its life, and no longer one', async () => {
  let away = true
  const { lease, clock } = held(() =>
    away ? Promise.reject(new Error('away')) : Promise.resolve(true),
  )
  await clock.advance(4_700)
  expect(lease.lost.aborted).toBe(false)
  away = false
  await clock.advance(300)
  expect(lease.isHeld()).toBe(true)
  away = true
  await clock.advance(5_100)
  expect(lease.lost.aborted).toBe(true)
  await lease[Symbol.asyncDispose]()
})

test('is not believed in by a process that stood still, before any timer has run', () => {
  const { lease, clock } = held(() => Promise.resolve(true))
  expect(lease.isHeld()).toBe(true)
  // Time passes and nothing of this process runs: nobody wakes the sleeper.
  void clock.advance(0)
  Object.assign(clock, { monotonicMs: () => 5_000 })
  expect(lease.isHeld()).toBe(false)
  expect(lease.lost.aborted).toBe(true)
})

test('counts from before Redis was asked: an answer that took long does not prolong it', async () => {
  const late = Promise.withResolvers<boolean>()
  let count = 0
  const { lease, clock } = held(() => {
    count += 1
    return count === 1 ? late.promise : Promise.reject(new Error('away'))
  })
  await clock.advance(4_000)
  late.resolve(true)
  await clock.advance(2_400)
  // Asked at 1.5 s, so until 6.5 s and not a moment more.
  expect(lease.isHeld()).toBe(true)
  Object.assign(clock, { monotonicMs: () => 6_500 })
  expect(lease.isHeld()).toBe(false)
})
