import type { CallJob, CheckJob } from '@callwire/contracts'
import { tcpProxy, testRedis } from '@callwire/testkit'
import { beforeEach, expect, test } from 'vitest'
import { names } from './names.ts'
import { createQueues } from './queues.ts'
import { collect } from './test-support/collect.ts'
import { testBus, uniqueId } from './test-support/connect.ts'
import { work } from './work.ts'

// Queues have fixed names: what an earlier test left would be worked on here.
beforeEach(async () => {
  await (await testRedis()).flush()
})

test('each queue wakes its own workers with ids and nothing else', async () => {
  await using bus = await testBus()
  const queues = createQueues(bus.conn)
  const job = { tenantId: uniqueId('ten'), callId: uniqueId('cal') }
  await queues.wakeDialer({ ...job, attempt: 1 })
  await queues.wakeCallback(job)
  await queues.wakeTranscriber(job)
  for (const queue of ['dial', 'callback', 'transcribe'] as const) {
    const { jobs, handler } = collect()
    await using _worker = work(bus.conn, queue, handler, { concurrency: 1, log: bus.logs.log })
    await expect.poll(() => jobs).toEqual([job])
  }
  const { tenantId } = job
  const checks: CheckJob[] = []
  await queues.wakeCheck({ tenantId, checkId: 'chk_1' })
  const take = (check: CheckJob) => Promise.resolve(void checks.push(check))
  await using _checker = work(bus.conn, 'check', take, { concurrency: 1, log: bus.logs.log })
  await expect.poll(() => checks).toEqual([{ tenantId, checkId: 'chk_1' }])
  await queues.close()
})

test('a handler that fails leaves no word of its fault in Redis or the log, and is not repeated', async () => {
  await using bus = await testBus()
  const queues = createQueues(bus.conn)
  let runs = 0
  const failing = () => {
    runs += 1
    return Promise.reject(new Error('dial +919876543210 with s3cr3t'))
  }
  await using _worker = work(bus.conn, 'callback', failing, { concurrency: 1, log: bus.logs.log })
  await queues.wakeCallback({ tenantId: 't', callId: uniqueId('cal') })
  const key = `${names.queuePrefix}:callback:1`
  await expect.poll(() => bus.conn.command.hget(key, 'failedReason')).toBe('job failed')
  const kept = await bus.conn.command.hgetall(key)
  expect(kept['stacktrace']).toBe('["Error: job failed"]')
  expect(JSON.stringify(kept) + bus.logs.text()).not.toMatch(/s3cr3t|9876543210/)
  expect(runs).toBe(1)
  await queues.close()
})

test('a job without ids is passed over', async () => {
  await using bus = await testBus()
  const queues = createQueues(bus.conn)
  const { jobs, handler } = collect()
  await using _worker = work(bus.conn, 'callback', handler, { concurrency: 1, log: bus.logs.log })
  await queues.wakeCallback({ callId: 'c' } as CallJob)
  await queues.wakeCallback({ tenantId: 't', callId: 'c' })
  await expect.poll(() => jobs).toEqual([{ tenantId: 't', callId: 'c' }])
  expect(bus.logs.text()).toContain('job without ids')
  await queues.close()
})

test('while Redis is away waking rejects; a worker goes on when it is back', async () => {
  const { url } = await testRedis()
  await using proxy = await tcpProxy({ target: url })
  await using bus = await testBus(proxy.through(url))
  const queues = createQueues(bus.conn)
  const { jobs, handler } = collect()
  await using _worker = work(bus.conn, 'dial', handler, { concurrency: 1, log: bus.logs.log })
  await queues.wakeDialer({ tenantId: 't', callId: 'first', attempt: 1 })
  await expect.poll(() => jobs).toHaveLength(1)

  proxy.refuse()
  const waking = queues.wakeDialer({ tenantId: 't', callId: 'lost', attempt: 1 })
  await expect(waking).rejects.toMatchObject({ code: 'unavailable' })
  proxy.resume()
  const wakeAgain = () =>
    queues.wakeDialer({ tenantId: 't', callId: 'second', attempt: 1 }).then(
      () => true,
      () => false,
    )
  await expect.poll(wakeAgain).toBe(true)
  await expect
    .poll(() => jobs.map((job) => job.callId), { timeout: 20_000 })
    .toEqual(['first', 'second'])
  await queues.close()
})

test('disposing a worker waits for the job under way', async () => {
  await using bus = await testBus()
  const queues = createQueues(bus.conn)
  const started = Promise.withResolvers<undefined>()
  const finish = Promise.withResolvers<undefined>()
  let finished = false
  const slow = async () => {
    started.resolve(undefined)
    await finish.promise
    finished = true
  }
  const worker = work(bus.conn, 'dial', slow, { concurrency: 1, log: bus.logs.log })
  await queues.wakeDialer({ tenantId: 't', callId: uniqueId('cal'), attempt: 1 })
  await started.promise
  const disposal = worker[Symbol.asyncDispose]()
  finish.resolve(undefined)
  await disposal
  expect(finished).toBe(true)
  await queues.close()
})
