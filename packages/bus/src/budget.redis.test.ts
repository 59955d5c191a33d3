import { systemClock, systemRandom } from '@callwire/runtime'
import { testRedis } from '@callwire/testkit'
import { expect, test } from 'vitest'
import { createBudget, type BudgetPlace, type RequestHistory } from './budget.ts'
import { names } from './names.ts'
import { testBus, uniqueId, type TestBus } from './test-support/connect.ts'
import { passTime } from './test-support/pass-time.ts'

const noHistory: RequestHistory = { recent: () => Promise.resolve([]) }

const budgetOf = (
  bus: TestBus,
  perMinute: number,
  o: { history?: RequestHistory; random?: (n: number) => Buffer } = {},
) =>
  createBudget(bus.conn, {
    perMinute,
    history: o.history ?? noHistory,
    clock: systemClock,
    random: o.random ?? systemRandom,
  })

const newPlace = (tenantId: string, priority = 0): BudgetPlace => ({
  id: uniqueId('cal'),
  tenantId,
  priority,
})

test('never gives more than the budget, over processes that ask at once', async () => {
  await using one = await testBus()
  await using two = await testBus(one.url)
  const sid = uniqueId('sid')
  const [here, there] = [budgetOf(one, 25), budgetOf(two, 25)]
  const asked = Array.from({ length: 120 }, (_, i) => (i % 2 === 0 ? here : there).take(sid))
  const answers = await Promise.all(asked)
  const ids = answers.flatMap((answer) => (answer.ok ? [answer.id] : []))
  expect(new Set(ids).size).toBe(25)
  // Asking in vain costs nothing, and another account has its own.
  expect(await one.conn.command.zcard(names.budget(sid))).toBe(25)
  expect(await here.take(uniqueId('sid'))).toMatchObject({ ok: true })
})

test('a request counts for a minute and its way there, then makes room', async () => {
  await using bus = await testBus()
  const sid = uniqueId('sid')
  const budget = budgetOf(bus, 1)
  expect(await budget.take(sid)).toMatchObject({ ok: true })
  await passTime(bus.conn, sid, 60_500)
  const refused = await budget.take(sid)
  expect(refused).toMatchObject({ ok: false, why: 'budget' })
  if (refused.ok) throw new Error('taken')
  expect(refused.retryAfterMs).toBeGreaterThan(0)
  expect(refused.retryAfterMs).toBeLessThanOrEqual(1_501)
  await passTime(bus.conn, sid, 1_501)
  expect(await budget.take(sid)).toMatchObject({ ok: true })
  expect(await budget.take(sid)).toMatchObject({ ok: false })
})

test('an answer that was lost is not paid twice', async () => {
  await using bus = await testBus()
  const sid = uniqueId('sid')
  const budget = budgetOf(bus, 1, { random: (n) => Buffer.alloc(n, 7) })
  const [first, second] = [await budget.take(sid), await budget.take(sid)]
  expect(first).toMatchObject({ ok: true })
  expect(second).toEqual(first)
  expect(await bus.conn.command.zcard(names.budget(sid))).toBe(1)
  expect(await bus.conn.command.pttl(names.budget(sid))).toBeGreaterThan(60_000)
})

test('an account that is held gets nothing, and never less long for being held again', async () => {
  await using bus = await testBus()
  const sid = uniqueId('sid')
  const budget = budgetOf(bus, 100)
  await budget.hold(sid, 30_000)
  await budget.hold(sid, 5)
  const held = await budget.take(sid)
  expect(held).toMatchObject({ ok: false, why: 'held' })
  if (held.ok) throw new Error('taken')
  expect(held.retryAfterMs).toBeGreaterThan(29_000)
  expect(held.retryAfterMs).toBeLessThanOrEqual(30_000)
  expect(await budget.take(uniqueId('sid'))).toMatchObject({ ok: true })
  // Those who wait come back one after the other, not all at once.
  const a = await budget.take(sid, { place: newPlace('ten') })
  const b = await budget.take(sid, { place: newPlace('ten') })
  if (a.ok || b.ok) throw new Error('taken')
  expect(b.aboutMs - a.aboutMs).toBeGreaterThanOrEqual(600)
  await passTime(bus.conn, sid, 31_000)
  expect(await budget.take(sid)).toMatchObject({ ok: true })
})

test('who waits is told different times, and is served then before newcomers', async () => {
  await using bus = await testBus()
  const sid = uniqueId('sid')
  const budget = budgetOf(bus, 4)
  for (let i = 0; i < 4; i += 1) {
    expect(await budget.take(sid)).toMatchObject({ ok: true })
    await passTime(bus.conn, sid, 10_000)
  }
  const [first, second] = [newPlace('ten'), newPlace('ten')]
  const line = [first, second, ...Array.from({ length: 8 }, () => newPlace('ten'))]
  const abouts = []
  for (const place of line) {
    const answer = await budget.take(sid, { place })
    if (answer.ok) throw new Error('taken')
    abouts.push(Math.round(answer.aboutMs / 1_000))
  }
  // Requests were made 40, 30, 20 and 10 s ago; each makes room after 62 s, and again 62 s later.
  expect(abouts).toEqual([22, 32, 42, 52, 84, 94, 104, 114, 146, 156])
  await passTime(bus.conn, sid, 22_100)
  expect(await budget.take(sid, { place: newPlace('ten') })).toMatchObject({ ok: false })
  expect(await budget.take(sid, { place: first })).toMatchObject({ ok: true })
  // The next in line, too early, is told the same moment again; it was not put behind.
  const early = await budget.take(sid, { place: second })
  if (early.ok) throw new Error('taken')
  expect(Math.round(early.aboutMs / 1_000)).toBe(10)
})

test('who does not come back loses its place and holds up nobody', async () => {
  await using bus = await testBus()
  const sid = uniqueId('sid')
  const budget = budgetOf(bus, 1)
  await budget.take(sid)
  const there = newPlace('ten')
  await budget.take(sid, { place: newPlace('ten') })
  await passTime(bus.conn, sid, 62_100)
  expect(await budget.take(sid, { place: there })).toMatchObject({ ok: false })
  await passTime(bus.conn, sid, 10_100)
  expect(await budget.take(sid, { place: there })).toMatchObject({ ok: true })
  expect(await bus.conn.command.keys(`${names.budget(sid)}:line:*`)).toEqual([])
})

test('a call of priority goes before those that wait, and tenants take turns', async () => {
  await using bus = await testBus()
  const sid = uniqueId('sid')
  const budget = budgetOf(bus, 2)
  await budget.take(sid)
  await budget.take(sid)
  const about = async (place: BudgetPlace) => {
    const answer = await budget.take(sid, { place })
    if (answer.ok) throw new Error('taken')
    return Math.round(answer.aboutMs / 1_000)
  }
  const patient = newPlace('many')
  const many = [patient, ...Array.from({ length: 5 }, () => newPlace('many'))]
  const waits = []
  for (const place of many) waits.push(await about(place))
  expect(waits).toEqual([62, 62, 124, 124, 186, 186])
  const urgent = newPlace('many', 9)
  expect(await about(urgent)).toBe(62)
  const [few, second] = [newPlace('few'), newPlace('few')]
  expect(await about(few)).toBe(62)
  expect(await about(second)).toBe(124)
  // Whom that puts back is told so when it comes.
  await passTime(bus.conn, sid, 62_100)
  expect(await budget.take(sid, { place: urgent })).toMatchObject({ ok: true })
  expect(await budget.take(sid, { place: few })).toMatchObject({ ok: true })
  expect(await about(patient)).toBe(62)
})

test('a Redis that forgot in mid-window is told by the history what was asked', async () => {
  await using redis = await testRedis({ own: true })
  await using bus = await testBus(redis.url)
  await using other = await testBus(redis.url)
  const sid = uniqueId('sid')
  const written: { id: string; ageMs: number }[] = []
  const history = { recent: () => Promise.resolve(written) }
  const dead = budgetOf(bus, 10, { history })
  for (let i = 0; i < 9; i += 1) {
    const answer = await dead.take(sid)
    if (answer.ok) written.push({ id: answer.id, ageMs: 1_000 })
  }
  await redis.flush()
  const budget = budgetOf(other, 10, { history })
  // First it waits for what others have taken and are only now writing down.
  const settling = await budget.take(sid)
  expect(settling).toMatchObject({ ok: false, why: 'budget' })
  if (settling.ok) throw new Error('taken')
  expect(settling.retryAfterMs).toBeLessThanOrEqual(2_000)
  await passTime(other.conn, sid, 2_100)
  expect(await budget.take(sid)).toMatchObject({ ok: true })
  expect(await budget.take(sid)).toMatchObject({ ok: false })
})

test('what this process took and nobody wrote down counts after a flush, too', async () => {
  await using redis = await testRedis({ own: true })
  await using bus = await testBus(redis.url)
  const sid = uniqueId('sid')
  const budget = budgetOf(bus, 3)
  expect(await budget.take(sid)).toMatchObject({ ok: true })
  expect(await budget.take(sid)).toMatchObject({ ok: true })
  await redis.flush()
  expect(await budget.take(sid)).toMatchObject({ ok: false })
  await passTime(bus.conn, sid, 2_100)
  expect(await budget.take(sid)).toMatchObject({ ok: true })
  expect(await budget.take(sid)).toMatchObject({ ok: false })
})

test('a Redis that comes back from an old snapshot is not believed', async () => {
  await using redis = await testRedis({ own: true })
  await using bus = await testBus(redis.url)
  const sid = uniqueId('sid')
  const budget = budgetOf(bus, 3)
  // Long enough for Redis to be believed: only that it was another one shows.
  await budget.take('other')
  await passTime(bus.conn, 'other', 70_000)
  expect(await budget.take(sid)).toMatchObject({ ok: true })
  const { command } = bus.conn
  const keys = await command.keys('*')
  const snapshot = await Promise.all(keys.map((key) => command.dumpBuffer(key)))
  expect(await budget.take(sid)).toMatchObject({ ok: true })
  expect(await budget.take(sid)).toMatchObject({ ok: true })
  await command.flushdb()
  for (const [i, key] of keys.entries()) await command.restore(key, 0, snapshot[i] ?? '')
  await redis.kill()
  await redis.restart()
  await expect
    .poll(() =>
      bus.conn
        .ping()
        .then(() => true)
        .catch(() => false),
    )
    .toBe(true)
  expect(await command.zcard(names.budget(sid))).toBe(1)
  expect(await budget.take(sid)).toMatchObject({ ok: false })
  await passTime(bus.conn, sid, 2_100)
  expect(await budget.take(sid)).toMatchObject({ ok: false })
  expect(await command.zcard(names.budget(sid))).toBe(3)
})

test('a fresh Redis and an idle account ask the history once, and wait for nothing', async () => {
  await using redis = await testRedis({ own: true })
  await using one = await testBus(redis.url)
  let asked = 0
  const history = {
    recent: () => {
      asked += 1
      return Promise.resolve([])
    },
  }
  const budget = budgetOf(one, 5, { history })
  const sid = uniqueId('sid')
  expect(await budget.take(sid)).toMatchObject({ ok: true })
  expect(await budget.take(sid)).toMatchObject({ ok: true })
  expect(asked).toBe(1)
  // From a minute on Redis knows all that counts.
  await passTime(one.conn, sid, 65_000)
  expect(await budget.take(uniqueId('sid'))).toMatchObject({ ok: true })
  expect(asked).toBe(1)
})

test('while Redis or the history is away nothing is given', async () => {
  await using redis = await testRedis({ own: true })
  await using bus = await testBus(redis.url)
  const fault = new Error('no history')
  const blind = budgetOf(bus, 5, { history: { recent: () => Promise.reject(fault) } })
  await expect(blind.take(uniqueId('sid'))).rejects.toBe(fault)
  await redis.kill()
  const failure = { code: 'unavailable', retryable: true }
  await expect(budgetOf(bus, 5).take(uniqueId('sid'))).rejects.toMatchObject(failure)
  await expect(budgetOf(bus, 5).hold(uniqueId('sid'), 5)).rejects.toMatchObject(failure)
  await redis.restart()
})

test('a request that yields leaves the room to who waits, but for one in ten', async () => {
  await using bus = await testBus()
  const sid = uniqueId('sid')
  const budget = budgetOf(bus, 100)
  const question = () => budget.take(sid, { yields: true })
  for (let n = 0; n < 90; n += 1) expect((await question()).ok).toBe(true)
  for (let n = 0; n < 10; n += 1) expect((await budget.take(sid)).ok).toBe(true)
  // Twenty wait for the room that comes when those ninety grow old.
  const line = Array.from({ length: 120 }, () => newPlace('ten'))
  for (const place of line) expect((await budget.take(sid, { place })).ok).toBe(false)
  await passTime(bus.conn, sid, 62_500)
  expect((await question()).ok).toBe(true)
  expect((await question()).ok).toBe(false)
  for (const place of line.slice(0, 50)) expect((await budget.take(sid, { place })).ok).toBe(true)
  expect((await question()).ok).toBe(false)
  await passTime(bus.conn, sid, 6_201)
  expect((await question()).ok).toBe(true)
  expect((await question()).ok).toBe(false)
  // Nobody comes any more: what is there is anybody's.
  await passTime(bus.conn, sid, 200_000)
  expect((await question()).ok).toBe(true)
  expect((await question()).ok).toBe(true)
})
