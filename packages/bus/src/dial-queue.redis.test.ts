import { testRedis } from '@callwire/testkit'
import { beforeEach, expect, test } from 'vitest'
import { SHORT_LINE, type DialJob } from './dial-queue.ts'
import { names } from './names.ts'
import { createQueues } from './queues.ts'
import { collect } from './test-support/collect.ts'
import { testBus, uniqueId, type TestBus } from './test-support/connect.ts'
import { work } from './work.ts'

// Queues have fixed names: what an earlier test left would be worked on here.
beforeEach(async () => {
  await (await testRedis()).flush()
})

const jobsOf = (tenantId: string, count: number): DialJob[] =>
  Array.from({ length: count }, () => ({ tenantId, callId: uniqueId('cal'), attempt: 1 }))
const idsOf = (jobs: readonly { callId: string }[]) => jobs.map(({ callId }) => callId)
const waiting = (bus: TestBus) => bus.conn.command.llen(`${names.queuePrefix}:dial:wait`)
const take = (bus: TestBus, handler: Parameters<typeof work<'dial'>>[2]) =>
  work(bus.conn, 'dial', handler, { concurrency: 4, log: bus.logs.log })

test('a wake-up is known until it has run, waits once however often it is asked for, and leaves nothing', async () => {
  await using bus = await testBus()
  const queues = createQueues(bus.conn)
  const job = { tenantId: uniqueId('ten'), callId: uniqueId('cal'), attempt: 1 }
  const next = { ...job, attempt: 2 }
  await queues.wakeDialer(job)
  await queues.wakeDialer(job)
  expect(await queues.relayDials([job], 10)).toEqual({ known: [job], added: 0, left: 0 })
  expect(await waiting(bus)).toBe(1)
  expect(await queues.relayDials([next, job], 10)).toEqual({ known: [job], added: 1, left: 0 })

  const { jobs, handler } = collect()
  await using _worker = take(bus, handler)
  await expect.poll(() => jobs).toHaveLength(2)
  const kept = () => bus.conn.command.keys(`${names.queuePrefix}:dial:${job.callId}*`)
  await expect.poll(kept).toEqual([])
  // The call still waits, and the relay asks for the same attempt again.
  expect(await queues.relayDials([job], 10)).toMatchObject({ known: [], added: 1 })
  await expect.poll(() => jobs).toHaveLength(3)
  await queues.close()
})

test('one that throws is neither repeated nor kept', async () => {
  await using bus = await testBus()
  const queues = createQueues(bus.conn)
  const job = { tenantId: 't', callId: uniqueId('cal'), attempt: 1 }
  let runs = 0
  await using _worker = take(bus, () => {
    runs += 1
    return Promise.reject(new Error('dial +919876543210'))
  })
  await queues.wakeDialer(job)
  await expect.poll(() => runs).toBe(1)
  const kept = () => bus.conn.command.exists(`${names.queuePrefix}:dial:${job.callId}-1`)
  await expect.poll(kept).toBe(0)
  await queues.relayDials([job], 10)
  await expect.poll(() => runs).toBe(2)
  await queues.close()
})

test('the relay adds in its own order, as many as may wait', async () => {
  await using bus = await testBus()
  const queues = createQueues(bus.conn)
  const first = jobsOf('a', 3)
  const more = jobsOf('b', 4)
  expect(await queues.relayDials(first, 5)).toEqual({ known: [], added: 3, left: 0 })
  const both = [more[0], first[1], more[1], more[2], more[3]].filter((job) => job !== undefined)
  expect(await queues.relayDials(both, 5)).toEqual({ known: [first[1]], added: 2, left: 2 })
  expect(await queues.relayDials(both, 5)).toMatchObject({ added: 0, left: 2 })
  const { jobs, handler } = collect()
  await using _worker = work(bus.conn, 'dial', handler, { concurrency: 1, log: bus.logs.log })
  await expect.poll(() => jobs).toHaveLength(5)
  expect(idsOf(jobs)).toEqual(idsOf([...first, ...more.slice(0, 2)]))
  await queues.close()
})

test('a flood of wake-ups stays short; what is left over is for the relay', async () => {
  await using bus = await testBus()
  const queues = createQueues(bus.conn)
  const flood = jobsOf('a', 1_000)
  await Promise.all(flood.map((job) => queues.wakeDialer(job)))
  const added = await waiting(bus)
  // A look serves for a moment; the flood may outlast one, and the next one counts what is there.
  expect(added).toBeLessThan(2 * SHORT_LINE)
  const relayed = await queues.relayDials(flood, 200)
  expect(relayed).toMatchObject({ added: 200 - added, left: 800 })
  expect(relayed.known).toHaveLength(added)
  await queues.close()
})

test('a worker goes on after Redis forgot everything', async () => {
  await using bus = await testBus()
  const queues = createQueues(bus.conn)
  const { jobs, handler } = collect()
  const lost = jobsOf('a', 20)
  await queues.relayDials(lost, 100)
  await (await testRedis()).flush()
  await using _worker = take(bus, handler)
  expect(await queues.relayDials(lost, 100)).toEqual({ known: [], added: 20, left: 0 })
  await expect.poll(() => jobs).toHaveLength(20)
  await (await testRedis()).flush()
  const later = jobsOf('a', 1)
  await queues.relayDials(later, 100)
  await expect.poll(() => jobs).toHaveLength(21)
  await queues.close()
})
