import { randomBytes } from 'node:crypto'

import { startRedis } from '@callwire/stores'
import { scratchDir } from '@callwire/testkit/setup'

import { startContainer } from './container.ts'
import { storeSource } from './store-source.ts'

export type TestRedisServer = { readonly url: string; stop(): Promise<void> }

/** The run's Redis, as Callwire needs it: a password, and nothing evicted. */
export async function bootRedis(): Promise<TestRedisServer> {
  const source = await storeSource(process.env['TEST_REDIS_URL'])
  if (source.kind === 'given') return { url: source.url, stop: async () => Promise.resolve() }
  if (source.kind === 'embedded') {
    const dataDir = await scratchDir('tests-redis')
    return startRedis({ dataDir, durable: false, removeAfter: [dataDir] })
  }
  const password = randomBytes(16).toString('hex')
  const container = await startContainer({
    image: 'redis:7',
    port: 6379,
    command: ['redis-server', '--requirepass', password, '--maxmemory-policy', 'noeviction'],
    startedLog: /Ready to accept connections/,
  })
  return {
    url: `redis://:${password}@${container.host}:${container.port}`,
    stop: async () => container.stop(),
  }
}
