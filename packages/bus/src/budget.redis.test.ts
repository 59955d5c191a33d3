import { systemClock, systemRandom } from '@callwire/runtime'
import { expect, test } from 'vitest'
import { createBudget } from './budget.ts'
import { names } from './names.ts'
import { testBus, uniqueId } from './test-support/connect.ts'

const options = (perMinute: number) => ({
  perMinute,
  history: { recent: () => Promise.resolve([]) },
  clock: systemClock,
  random: systemRandom,
})

async function redisNow(bus: Awaited<ReturnType<typeof testBus>>): Promise<number> {
  const [seconds, micros] = await bus.conn.command.time()
  return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000)
}

test('never gives more than the budget, over processes that ask at once', async () => {
  await using one = await testBus()
  await using two = await testBus(one.url)
  const sid = uniqueId('sid')
  const [here, there] = [createBudget(one.conn, options(25)), createBudget(two.conn, options(25))]
  const asked = Array.from({ length: 120 }, (_, i) => (i % 2 === 0 ? here : there).take(sid))
  const answers = await Promise.all(asked)
  expect(answers.filter((answer) => answer.ok)).toHaveLength(25)
  // Asking in vain costs nothing, and another account has its own.
  expect(await one.conn.command.zcard(names.budget(sid))).toBe(25)
  expect(await here.take(uniqueId('sid'))).toMatchObject({ ok: true })
})

test('a request counts for a minute and its way there, then makes room', async () => {
  await using bus = await testBus()
  const sid = uniqueId('sid')
  const budget = createBudget(bus.conn, options(1))
  const now = await redisNow(bus)
  await bus.conn.command.zadd(names.budget(sid), now - 60_500, 'earlier')
  const refused = await budget.take(sid)
  expect(refused.ok).toBe(false)
  if (!refused.ok) {
    expect(refused.retryAfterMs).toBeGreaterThan(0)
    expect(refused.retryAfterMs).toBeLessThanOrEqual(1_501)
  }
  await bus.conn.command.zadd(names.budget(sid), now - 62_001, 'earlier')
  expect(await budget.take(sid)).toMatchObject({ ok: true })
  expect(await budget.take(sid)).toMatchObject({ ok: false })
})

test('an answer that was lost is not paid twice', async () => {
  await using bus = await testBus()
  const sid = uniqueId('sid')
  const budget = createBudget(bus.conn, { ...options(1), random: (n) => Buffer.alloc(n, 7) })
  expect([await budget.take(sid), await budget.take(sid)]).toMatchObject([
    { ok: true },
    { ok: true },
  ])
  expect(await bus.conn.command.zcard(names.budget(sid))).toBe(1)
  expect(await bus.conn.command.pttl(names.budget(sid))).toBeGreaterThan(60_000)
})
