import { eventually, tcpProxy } from '@callwire/testkit'
import { beforeEach, expect, test } from 'vitest'
import { startCourierProcess } from './test-support/courier-process.ts'
import { answer } from './test-support/receiver.ts'
import { courierSuite, startTestCourier } from './test-support/suite.ts'
import { quick, trials, verified } from './test-support/trials.ts'

const suite = courierSuite()
const { start, pathOf, arrived, arrives, makeDue, message } = trials(suite)
let tenantId: string

beforeEach(async () => {
  tenantId = await suite.world.newTenant()
  suite.host.behave(answer(204))
})

test('a message whose courier was killed on the way goes out again, with the same id', async () => {
  suite.host.behave(() => undefined)
  const at = await suite.world.endpoint(tenantId, pathOf('killed'))
  await suite.world.newCall(tenantId)
  const first = await startCourierProcess(suite.environment())
  await arrives('killed')
  await first.end('SIGKILL')
  expect(await suite.world.deliveries(at)).toMatchObject([{ state: 'pending', attempts: 1 }])

  suite.host.behave(answer(204))
  await using _second = await start()
  // A message that came later is sent while the claim of the dead still holds.
  await suite.world.newCall(tenantId)
  await arrives('killed', 2)
  await eventually(async () =>
    (await suite.world.deliveries(at)).some(({ state }) => state === 'delivered'),
  )
  expect(arrived('killed')).toHaveLength(2)
  await makeDue(at)
  const ids = (await arrives('killed', 3)).map(({ headers }) => headers['webhook-id'])
  expect(ids[2]).toBe(ids[0])
  await eventually(async () =>
    (await suite.world.deliveries(at)).every(({ state }) => state === 'delivered'),
  )
})

test('killed again and again, a courier tells every fact', async () => {
  const at = await suite.world.endpoint(tenantId, pathOf('storm'), { eventTypes: ['stream.dtmf'] })
  const calls = await Promise.all(Array.from({ length: 5 }, () => suite.world.newCall(tenantId)))
  let seen = 0
  for (let round = 1; round <= 4; round += 1) {
    const courier = await startCourierProcess(suite.environment())
    for (const callId of calls) await suite.world.facts(tenantId, callId, 8)
    // Somewhere in the middle: some were found, some were sent, some are on the way.
    await arrives('storm', seen + 5)
    await courier.end('SIGKILL')
    seen = arrived('storm').length
    await makeDue(at)
  }
  await using _last = await start()
  await eventually(
    async () => {
      const rows = await suite.world.deliveries(at)
      return rows.length === 160 && rows.every(({ state }) => state === 'delivered')
    },
    { what: 'every message', boundMs: 20_000 },
  )
  const told = arrived('storm').map((received) => {
    const { callId, seq } = verified(at.secrets[0], received).data as {
      callId: string
      seq: number
    }
    return `${callId} ${seq}`
  })
  const wanted = calls.flatMap((callId) =>
    Array.from({ length: 32 }, (_, n) => `${callId} ${n + 2}`),
  )
  expect([...new Set(told)].sort()).toEqual(wanted.sort())
  // Whatever went out twice did so under one id.
  const ids = new Set(arrived('storm').map(({ headers }) => headers['webhook-id']))
  expect(ids.size).toBe(wanted.length)
}, 60_000)

test('told to end, it lets a message on its way arrive, and gives back one that hangs', async () => {
  const held: (() => void)[] = []
  suite.host.behave((received, response, socket) => {
    if (received.path.endsWith('/ends')) {
      held.push(() => answer(204)(received, response, socket))
    }
  })
  const ends = await suite.world.endpoint(tenantId, pathOf('ends'))
  const hangs = await suite.world.endpoint(tenantId, pathOf('hangs'))
  const courier = await startCourierProcess(suite.environment())
  await suite.world.newCall(tenantId)
  await Promise.all([arrives('ends'), arrives('hangs')])
  const ended = courier.end('SIGTERM')
  await eventually(() => courier.output().includes('"msg":"stopping"'))
  for (const release of held) release()
  expect(await ended).toBe(0)
  expect(await message(ends, () => true)).toMatchObject({ state: 'delivered', attempts: 1 })
  expect(await message(hangs, () => true)).toMatchObject({ state: 'pending', attempts: 0 })
  expect((await suite.world.endpointRow(hangs)).failingSince).toBeNull()
})

test('an emptied Redis, and one that is away, lose nothing', async () => {
  await using courier = await start()
  await suite.world.endpoint(tenantId, pathOf('redis'))
  await suite.world.newCall(tenantId)
  await arrives('redis')
  await suite.redis.flush()
  await suite.world.newCall(tenantId)
  await arrives('redis', 2)
  await suite.redis.kill()
  try {
    await eventually(() => courier.logs.text().includes('redis connection lost'))
    await suite.world.newCall(tenantId)
    await arrives('redis', 3)
    // A tenant that nobody could listen to.
    const other = await suite.world.newTenant()
    await suite.world.endpoint(other, pathOf('redis-other'))
    await suite.world.newCall(other)
    await arrives('redis-other')
    const ready = await fetch(`http://127.0.0.1:${courier.port}/readyz`)
    expect(ready.status).toBe(503)
  } finally {
    await suite.redis.restart()
  }
  await suite.world.newCall(tenantId)
  await arrives('redis', 4)
})

test('a doorbell that rings is answered before the next look around', async () => {
  const callId = await suite.world.newCall(tenantId)
  await suite.world.endpoint(tenantId, pathOf('rung'))
  await using _courier = await start({ limits: { scanMs: 3_600_000, pollMs: 3_600_000 } })
  await eventually(() => suite.world.listeners(tenantId))
  await suite.world.ledger.transact(tenantId, callId, async (w) => {
    await w.append({ type: 'alert', data: { code: 'x', severity: 'info', message: 'A sentence.' } })
  })
  await arrives('rung')
})

test('while Postgres is away nothing is sent, and everything when it is back', async () => {
  const databaseUrl = suite.database.serviceUrl('courier')
  await using proxy = await tcpProxy({ target: databaseUrl })
  const environment = suite.environment({ DATABASE_URL: proxy.through(databaseUrl) })
  await using courier = await startTestCourier(environment, { limits: quick })
  await suite.world.endpoint(tenantId, pathOf('away'))
  await suite.world.newCall(tenantId)
  await arrives('away')
  proxy.refuse()
  await eventually(() => courier.logs.text().includes('task failed'), { boundMs: 20_000 })
  await suite.world.newCall(tenantId)
  expect(arrived('away')).toHaveLength(1)
  proxy.resume()
  await arrives('away', 2)
}, 40_000)
