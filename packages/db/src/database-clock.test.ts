import { captureLogs, manualClock } from '@callwire/testkit'
import { describe, expect, test } from 'vitest'
import { LONGEST_READING_MS } from './clock-reading.ts'
import { followDatabaseClock } from './database-clock.ts'

/** A machine so far ahead of its database, whose answers take so long. */
function arrange(o: { aheadMs: number; answerMs?: number }) {
  const clock = manualClock()
  const logs = captureLogs()
  const stop = new AbortController()
  const database = { ...o, answerMs: o.answerMs ?? 0, reads: 0, fault: null as Error | null }
  const offsets: number[] = []
  const trueNow = () => clock.now() - database.aheadMs
  const following = () =>
    followDatabaseClock({
      readMs: async () => {
        database.reads += 1
        if (database.fault !== null) throw database.fault
        const now = trueNow()
        if (database.answerMs > 0) await clock.sleep(database.answerMs)
        return now
      },
      clock,
      log: logs.log,
      signal: stop.signal,
      onOffset: (ms) => offsets.push(ms),
    })
  return { clock, logs, stop, database, offsets, trueNow, following }
}

const tooSlowMs = LONGEST_READING_MS + 100

describe('a clock that follows the database', () => {
  test.each([120_000, -120_000, 0])('is right on a machine %i ms ahead', async (aheadMs) => {
    const { clock, following, trueNow, offsets } = arrange({ aheadMs })
    await using followed = await following()
    expect(followed.clock.now()).toBe(trueNow())
    expect(offsets).toEqual([0 - aheadMs])
    await clock.advance(4_321)
    expect(followed.clock.now()).toBe(trueNow())
    expect(followed.clock.monotonicMs()).toBe(clock.monotonicMs())
  })

  test('says once that the machine is off, and once that it is right again', async () => {
    const { clock, logs, following, database } = arrange({ aheadMs: -5_000 })
    await using _followed = await following()
    await clock.advance(30_000)
    database.aheadMs = 20
    await clock.advance(30_000)
    expect(logs.lines().map(({ level, msg }) => [level, msg])).toEqual([
      ['warn', "clock of this machine differs from the database's"],
      ['info', "clock of this machine agrees with the database's"],
    ])
  })

  test("goes on when the machine's clock is set, and when the database is away", async () => {
    const { clock, following, database } = arrange({ aheadMs: 0 })
    await using followed = await following()
    const startedAt = followed.clock.now()
    clock.setWall(clock.now() + 3_600_000)
    database.fault = new Error('away')
    await clock.advance(60_000)
    expect(followed.clock.now()).toBe(startedAt + 60_000)
    expect(database.reads).toBeGreaterThan(4)
  })

  test('begins only when an answer was quick enough to be believed', async () => {
    const { clock, following, database, trueNow } = arrange({ aheadMs: 9_000, answerMs: tooSlowMs })
    let begun = false
    const started = following().then((followed) => {
      begun = true
      return followed
    })
    await clock.advance(5_000)
    expect(begun).toBe(false)
    expect(database.reads).toBeGreaterThan(3)
    database.answerMs = 100
    await clock.advance(2_000)
    await using followed = await started
    expect(Math.abs(followed.clock.now() - trueNow())).toBeLessThanOrEqual(100)
  })

  test('fails when none ever is, and when the process ends meanwhile', async () => {
    const slow = arrange({ aheadMs: 0, answerMs: tooSlowMs })
    const failed = expect(slow.following()).rejects.toMatchObject({ code: 'unavailable' })
    await slow.clock.advance(60_000)
    await failed
    const ended = arrange({ aheadMs: 0, answerMs: tooSlowMs })
    const aborted = expect(ended.following()).rejects.toMatchObject({ name: 'AbortError' })
    await ended.clock.advance(5_000)
    ended.stop.abort()
    await ended.clock.advance(5_000)
    await aborted
  })

  test('leaves no timer behind', async () => {
    const { clock, following } = arrange({ aheadMs: 0 })
    await (await following())[Symbol.asyncDispose]()
    expect(clock.sleepers()).toBe(0)
  })
})
