import { captureLogs, tcpProxy, testRedis } from '@callwire/testkit'
import { expect, test } from 'vitest'
import { connectRedis } from './connection.ts'
import { requireNoEviction } from './require-no-eviction.ts'
import { testBus } from './test-support/connect.ts'

test('connects, answers and closes', async () => {
  await using bus = await testBus()
  await bus.conn.ping()
  await requireNoEviction(bus.conn)
})

test('a wrong password is one sentence without the URL', async () => {
  await using redis = await testRedis({ own: true })
  const url = new URL(redis.url)
  url.password = 'wr0ng-passw0rd'
  const logs = captureLogs()
  const attempt = connectRedis({ url: url.href, name: 'test', log: logs.log })
  const error: unknown = await attempt.catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({
    code: 'unavailable',
    message: 'Redis at REDIS_URL cannot be reached or refuses the login.',
  })
  expect(logs.text()).not.toContain('wr0ng-passw0rd')
})

test('while Redis is away commands fail at once, and work again when it is back', async () => {
  const { url } = await testRedis()
  await using proxy = await tcpProxy({ target: url })
  await using bus = await testBus(proxy.through(url))
  proxy.refuse()
  await expect(bus.conn.ping()).rejects.toMatchObject({ code: 'unavailable', retryable: true })
  proxy.resume()
  await expect
    .poll(() =>
      bus.conn.ping().then(
        () => 'back',
        () => 'away',
      ),
    )
    .toBe('back')
  expect(bus.logs.lines().map((line) => line['msg'])).toEqual(
    expect.arrayContaining(['redis connection lost', 'redis connection back']),
  )
})

test('a Redis that takes commands and never answers counts as away', async () => {
  const { url } = await testRedis()
  await using proxy = await tcpProxy({ target: url })
  await using bus = await testBus(proxy.through(url))
  proxy.stall()
  await expect(bus.conn.ping()).rejects.toMatchObject({ code: 'unavailable' })
})

test('a Redis that would evict is refused', async () => {
  await using redis = await testRedis({ own: true })
  await using bus = await testBus(redis.url)
  await requireNoEviction(bus.conn)
  await bus.conn.command.config('SET', 'maxmemory-policy', 'allkeys-lru')
  await expect(requireNoEviction(bus.conn)).rejects.toMatchObject({
    code: 'evicting_redis',
    message: expect.stringContaining('allkeys-lru') as string,
  })
})

test.each([
  ['is full', ['CONFIG', 'SET', 'maxmemory', '1'], ['CONFIG', 'SET', 'maxmemory', '0']],
  ['is a replica', ['REPLICAOF', '127.0.0.1', '1'], ['REPLICAOF', 'NO', 'ONE']],
  [
    'lacks its replicas',
    ['CONFIG', 'SET', 'min-replicas-to-write', '1'],
    ['CONFIG', 'SET', 'min-replicas-to-write', '0'],
  ],
] as const)('a Redis that %s says that it takes no writes', async (_why, refuse, mend) => {
  await using redis = await testRedis({ own: true })
  await using bus = await testBus(redis.url)
  const call = ([name, ...args]: readonly [string, ...string[]]) =>
    bus.conn.command.call(name, ...args)
  await call(refuse)
  await expect(bus.conn.ping()).rejects.toMatchObject({ code: 'refuses_writes', retryable: true })
  await call(mend)
  await bus.conn.ping()
})
