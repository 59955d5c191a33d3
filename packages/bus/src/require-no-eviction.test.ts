import { expect, test } from 'vitest'
import type { BusConnection } from './connection.ts'
import { requireNoEviction } from './require-no-eviction.ts'

function redisSaying(info: string): BusConnection {
  return { command: { info: () => Promise.resolve(info) } } as unknown as BusConnection
}

test.each([
  ['redis_version:6.2.14\r\nmaxmemory_policy:noeviction\r\n', 'redis_too_old'],
  ['maxmemory_policy:noeviction\r\n', 'redis_too_old'],
  ['redis_version:7.0.15\r\nmaxmemory_policy:volatile-lru\r\n', 'evicting_redis'],
  ['redis_version:7.0.15\r\n', 'evicting_redis'],
])('%j is refused as %s', async (info, code) => {
  await expect(requireNoEviction(redisSaying(info))).rejects.toMatchObject({ code })
})

test('7.0 that keeps everything is fine', async () => {
  await requireNoEviction(redisSaying('redis_version:7.0.0\r\nmaxmemory_policy:noeviction\r\n'))
})
