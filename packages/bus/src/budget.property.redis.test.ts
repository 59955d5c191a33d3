import { manualClock, testRedis } from '@callwire/testkit'
import { systemRandom } from '@callwire/runtime'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createBudget, type BudgetAnswer, type BudgetPlace } from './budget.ts'
import { testBus, uniqueId, type TestBus } from './test-support/connect.ts'
import { passTime } from './test-support/pass-time.ts'

const minuteMs = 60_000

/** One account, several processes, and a clock that moves only when it is told to. */
function accountOf(bus: TestBus, o: { perMinute: number; processes: number }) {
  const sid = uniqueId('sid')
  const clock = manualClock()
  const written: { id: string; atMs: number }[] = []
  const given: number[] = []
  const history = {
    recent: () =>
      Promise.resolve(written.map(({ id, atMs }) => ({ id, ageMs: clock.monotonicMs() - atMs }))),
  }
  const budgets = Array.from({ length: o.processes }, () =>
    createBudget(bus.conn, { perMinute: o.perMinute, history, clock, random: systemRandom }),
  )
  const take = async (process: number, place?: BudgetPlace): Promise<BudgetAnswer> => {
    const budget = budgets[process % budgets.length]
    if (budget === undefined) throw new Error('no process')
    const answer = await budget.take(sid, place === undefined ? {} : { place })
    if (!answer.ok) return answer
    given.push(clock.monotonicMs())
    written.push({ id: answer.id, atMs: clock.monotonicMs() })
    return answer
  }
  const pass = async (ms: number) => {
    await clock.advance(ms)
    await passTime(bus.conn, sid, ms)
  }
  return { sid, given, take, pass, budgets }
}

/** The most requests that ever fell within one minute. */
function mostInAMinute(given: readonly number[]): number {
  const within = (from: number) => given.filter((at) => at >= from && at < from + minuteMs).length
  return Math.max(0, ...given.map(within))
}

const stepArb = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('take'), n: fc.integer({ min: 1, max: 8 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('pass'), n: fc.integer({ min: 1, max: 40_000 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('flush'), n: fc.constant(0) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('hold'), n: fc.integer({ min: 1, max: 90_000 }) }),
  },
)

test('whatever happens, no minute sees more than the budget', async () => {
  await using redis = await testRedis({ own: true })
  await using bus = await testBus(redis.url)
  const arb = fc.record({
    perMinute: fc.integer({ min: 1, max: 7 }),
    processes: fc.integer({ min: 1, max: 3 }),
    steps: fc.array(stepArb, { minLength: 1, maxLength: 40 }),
  })
  await fc.assert(
    fc.asyncProperty(arb, async ({ perMinute, processes, steps }) => {
      await bus.conn.command.flushdb()
      const account = accountOf(bus, { perMinute, processes })
      let heldUntil = 0
      let now = 0
      for (const [i, { kind, n }] of steps.entries()) {
        if (kind === 'pass') {
          now += n
          await account.pass(n)
        } else if (kind === 'flush') {
          await bus.conn.command.flushdb()
          heldUntil = 0
        } else if (kind === 'hold') {
          heldUntil = Math.max(heldUntil, now + n)
          await account.budgets[0]?.hold(account.sid, n)
        } else {
          const answers = []
          for (let k = 0; k < n; k += 1) answers.push(await account.take(i + k))
          // A hold is timed by Redis' clock, which moves a little of its own.
          if (now < heldUntil - 1_000) {
            expect(answers.every((answer) => !answer.ok && answer.why === 'held')).toBe(true)
          }
        }
      }
      expect(mostInAMinute(account.given)).toBeLessThanOrEqual(perMinute)
    }),
    { numRuns: 60 },
  )
}, 60_000)

test('who comes back when told is served, and no room is left unused', async () => {
  await using redis = await testRedis({ own: true })
  await using bus = await testBus(redis.url)
  const arb = fc.record({
    perMinute: fc.integer({ min: 1, max: 6 }),
    tenants: fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 3 }),
    gapMs: fc.integer({ min: 0, max: 9_000 }),
  })
  await fc.assert(
    fc.asyncProperty(arb, async ({ perMinute, tenants, gapMs }) => {
      await bus.conn.command.flushdb()
      const account = accountOf(bus, { perMinute, processes: 2 })
      const due = new Map<BudgetPlace, number>()
      const asked = new Map<BudgetPlace, number>()
      for (const [t, count] of tenants.entries()) {
        for (let i = 0; i < count; i += 1) {
          due.set({ id: uniqueId('cal'), tenantId: `ten${t}`, priority: 0 }, due.size * gapMs)
        }
      }
      const total = due.size
      let now = 0
      while (due.size > 0) {
        const [place, at] = [...due].reduce((a, b) => (b[1] < a[1] ? b : a))
        if (at > now) {
          await account.pass(at - now)
          now = at
        }
        const answer = await account.take(asked.get(place) ?? 0, place)
        asked.set(place, (asked.get(place) ?? 0) + 1)
        if (answer.ok) due.delete(place)
        else due.set(place, now + answer.retryAfterMs)
      }
      expect(mostInAMinute(account.given)).toBeLessThanOrEqual(perMinute)
      // No longer than the windows that so many requests fill, and each asked a few times at most:
      // once more for each time that others' turns moved its own, however long the line.
      const windows = Math.ceil(total / perMinute)
      expect(now).toBeLessThanOrEqual(Math.max(total * gapMs, 0) + windows * 62_000 + 5_000)
      expect(Math.max(...asked.values())).toBeLessThanOrEqual(4 + tenants.length * 4)
    }),
    { numRuns: 40 },
  )
}, 60_000)
