import { setImmediate as turn } from 'node:timers/promises'
import { testRedis } from '@callwire/testkit'
import { expect, test } from 'vitest'
import { createQueues } from './queues.ts'
import { collect } from './test-support/collect.ts'
import { testBus } from './test-support/connect.ts'
import { work } from './work.ts'

test.each([0, 1, 4, 12, 40])(
  'queue and worker that lose Redis %i turns after they began come back with it',
  async (turns) => {
    await using redis = await testRedis({ own: true })
    await using bus = await testBus(redis.url)
    const queues = createQueues(bus.conn)
    const { jobs, handler } = collect()
    await using _worker = work(bus.conn, 'dial', handler, { concurrency: 4, log: bus.logs.log })
    for (let n = 0; n < turns; n += 1) await turn()
    await redis.kill()
    const job = { tenantId: 't', callId: 'c', attempt: 1 }
    await expect(queues.wakeDialer(job)).rejects.toMatchObject({ code: 'unavailable' })
    await expect(queues.relayDials([job], 9)).rejects.toMatchObject({ code: 'unavailable' })
    await redis.restart()
    const relay = () => queues.relayDials([job], 9).catch(() => null)
    await expect.poll(relay, { timeout: 14_000 }).not.toBeNull()
    // Sooner than the library's own 15 s between two tries.
    await expect.poll(() => jobs.length, { timeout: 14_000 }).toBeGreaterThan(0)
    await queues.close()
  },
)
