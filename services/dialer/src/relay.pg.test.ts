import { connectRedis, createQueues, work, type BusConnection, type Queues } from '@callwire/bus'
import { calls, connectDatabase, type Database } from '@callwire/db'
import { every, systemClock } from '@callwire/runtime'
import { captureLogs, eventually } from '@callwire/testkit'
import { and, eq } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createRelay } from './relay.ts'
import { dialerSuite } from './test-support/suite.ts'
import { tenantWorld, type TenantWorld } from './test-support/tenant-world.ts'

const suite = dialerSuite()
const most = 20
const atOnce = 10

let database: Database
let bus: BusConnection
let queues: Queues
/** Calls taken out of the queue, in order: what a dialer would have sent. */
let placed: string[]
/** Wake-ups handled, also those that found nothing to do. */
let taken: number

beforeEach(async () => {
  const url = suite.database.serviceUrl('dialer')
  database = await connectDatabase({ url, applicationName: 'test-dialer', maxConnections: 4 })
  bus = await connectRedis({ url: suite.redis.url, name: 'test', log: captureLogs().log })
  queues = createQueues(bus)
  placed = []
  taken = 0
})
afterEach(async () => {
  await queues.close()
  await bus[Symbol.asyncDispose]()
  await database.close()
})

/** Queued calls, as many rows at once. */
async function addCalls(
  world: TenantWorld,
  phoneId: string,
  count: number,
  over: Partial<typeof calls.$inferInsert> = {},
): Promise<string[]> {
  const { tenantId } = world
  const rows = Array.from({ length: count }, () => ({
    ...{ tenantId, id: world.newId('call'), phoneId },
    direction: 'outbound' as const,
    status: 'queued' as const,
    // No ring is needed here: nobody opens it.
    personSealed: 'cw1d.test' as typeof calls.$inferInsert.personSealed,
    personMasked: '+9198********',
    personIndex: 'k1.test',
    ...over,
  }))
  await world.withTenant((tx) => tx.insert(calls).values(rows))
  return rows.map(({ id }) => id)
}

const phoneOf = (world: TenantWorld) => world.addPhone(suite.exotel.host, { kind: 'stream' })

/** A relay and a worker whose dials are the compare-and-swap alone. */
async function startRelay(): Promise<AsyncDisposable> {
  const { log } = captureLogs()
  await using started = new AsyncDisposableStack()
  let busy = 0
  const relay = createRelay(
    { database, queues, clock: systemClock, log },
    { most, pauseMs: 200, hasFreeWorkers: () => busy < atOnce, mayTake: () => true },
  )
  const dial = async ({ tenantId, callId }: { tenantId: string; callId: string }) => {
    busy += 1
    const queued = and(eq(calls.id, callId), eq(calls.status, 'queued'))
    const won = await database.withTenant(tenantId, (tx) =>
      tx.update(calls).set({ status: 'dialing' }).where(queued).returning({ id: calls.id }),
    )
    taken += 1
    if (won.length > 0) placed.push(callId)
    busy -= 1
    relay.worked()
  }
  started.use(work(bus, 'dial', dial, { concurrency: atOnce, log }))
  const stop = new AbortController()
  const round = { clock: systemClock, signal: stop.signal, log, name: 'relay' }
  started.use(every(200, (signal) => relay.run(signal), round))
  return started.move()
}

const allPlaced = (ids: readonly string[]) =>
  eventually(() => placed.length >= ids.length, { boundMs: 25_000, what: 'all calls' })

/** What Redis holds now, to be put back later in place of all that came since. */
async function snapshot(): Promise<() => Promise<void>> {
  const kept = new Map<string, Buffer>()
  for (const key of await bus.command.keys('*')) {
    kept.set(key, await bus.command.dumpBuffer(key))
  }
  return async () => {
    await suite.redis.flush()
    for (const [key, value] of kept) await bus.command.restore(key, 0, value)
  }
}

describe('one tenant’s flood', () => {
  test('lets another tenant’s one call pass, and is placed whole', async () => {
    await using other = await tenantWorld(suite.database)
    const flood = await addCalls(suite.world, await phoneOf(suite.world), 600)
    const otherPhone = await phoneOf(other)
    const { tenantId } = suite.world
    await Promise.all(flood.map((callId) => queues.wakeDialer({ tenantId, callId, attempt: 1 })))
    await using _relay = await startRelay()
    await eventually(() => placed.length > 100)
    const [one = ''] = await addCalls(other, otherPhone, 1)
    const before = placed.length
    await eventually(() => placed.includes(one), { boundMs: 20_000 })
    // Behind those that wait in Redis and the round under way, not behind all that wait in Postgres.
    expect(placed.indexOf(one) - before).toBeLessThan(8 * most)
    await allPlaced([...flood, one])
    expect(placed.toSorted()).toEqual([...flood, one].toSorted())
  })

  test('keeps the order of priority within the tenant', async () => {
    const phoneId = await phoneOf(suite.world)
    const plain = await addCalls(suite.world, phoneId, 200)
    const [urgent = ''] = await addCalls(suite.world, phoneId, 1, { priority: 9 })
    await using _relay = await startRelay()
    await allPlaced([...plain, urgent])
    expect(placed.indexOf(urgent)).toBeLessThan(atOnce)
  })
})

describe('a Redis that forgot', () => {
  test('everything, again and again, loses no call and doubles none', async () => {
    const ids = await addCalls(suite.world, await phoneOf(suite.world), 400)
    await using _relay = await startRelay()
    for (const share of [10, 120, 300]) {
      await eventually(() => placed.length >= share, { boundMs: 20_000 })
      await suite.redis.flush()
    }
    await allPlaced(ids)
    expect(placed.toSorted()).toEqual(ids.toSorted())
  })

  test('all since an old snapshot places what is new, and nothing twice', async () => {
    const phoneId = await phoneOf(suite.world)
    const { tenantId } = suite.world
    const old = await addCalls(suite.world, phoneId, 30)
    const jobs = old.map((callId) => ({ tenantId, callId, attempt: 1 }))
    await queues.relayDials(jobs, old.length)
    const restore = await snapshot()
    const first = await startRelay()
    await allPlaced(old)
    await first[Symbol.asyncDispose]()

    await restore()
    await suite.redis.restart()
    const before = taken
    const later = await addCalls(suite.world, phoneId, 10)
    await using _second = await startRelay()
    await allPlaced([...old, ...later])
    // The old wake-ups have been taken again, too, and found nothing to do.
    await eventually(() => taken - before >= old.length + later.length, { boundMs: 20_000 })
    expect(placed.toSorted()).toEqual([...old, ...later].toSorted())
  })

  test('by being away when calls came has them placed once it is back', async () => {
    const phoneId = await phoneOf(suite.world)
    await using _relay = await startRelay()
    await suite.redis.kill()
    const ids = await addCalls(suite.world, phoneId, 3)
    const { tenantId } = suite.world
    for (const callId of ids) {
      const waking = queues.wakeDialer({ tenantId, callId, attempt: 1 })
      await expect(waking).rejects.toMatchObject({ code: 'unavailable' })
    }
    await suite.redis.restart()
    await allPlaced(ids)
    expect(placed.toSorted()).toEqual(ids.toSorted())
  })
})

describe('a wake-up that hangs in a dialer that is gone', () => {
  test('is passed over by another one', async () => {
    const [callId = ''] = await addCalls(suite.world, await phoneOf(suite.world), 1)
    const { tenantId } = suite.world
    const { log } = captureLogs()
    const hanging = Promise.withResolvers<undefined>()
    const gone = work(bus, 'dial', () => hanging.promise, { concurrency: 1, log })
    await queues.wakeDialer({ tenantId, callId, attempt: 1 })
    await eventually(async () => (await bus.command.llen('{cw}:dial:active')) === 1)
    await using _relay = await startRelay()
    await allPlaced([callId])
    expect((await suite.world.call(callId)).attempt).toBe(2)
    hanging.resolve(undefined)
    await gone[Symbol.asyncDispose]()
  })
})
