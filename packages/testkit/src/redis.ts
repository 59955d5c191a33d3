import { rm } from 'node:fs/promises'

import { startRedis } from '@callwire/stores'
import { Redis } from 'ioredis'
import { inject } from 'vitest'

import { workerNumber } from './config.ts'
import { ownStore, type OwnStore } from './own-store.ts'
import { scratchDir } from '@callwire/stores/testing'

export type SharedRedis = {
  readonly url: string
  /** Empties this worker's logical database. Channels are the whole server's: keep them apart by ids. */
  flush(): Promise<void>
}

export type OwnRedis = OwnStore & { flush(): Promise<void> }

/** Redis has 16 logical databases unless told otherwise. */
const logicalDatabases = 16

/** The run's Redis, one logical database per worker, or with `own` a server that this test alone has and may kill. */
export async function testRedis(o: { own: true }): Promise<OwnRedis>
export async function testRedis(o?: { own?: false }): Promise<SharedRedis>
export async function testRedis(o: { own?: boolean } = {}): Promise<SharedRedis | OwnRedis> {
  if (o.own !== true) {
    const url = sharedUrl()
    return { url, flush: async () => flush(url) }
  }
  const dataDir = await scratchDir('redis')
  const store = await ownStore(
    async (port) => startRedis({ dataDir, ...(port === undefined ? {} : { port }) }),
    async () => rm(dataDir, { recursive: true, force: true }),
  )
  return { ...store, flush: async () => flush(store.url) }
}

function sharedUrl(): string {
  const base = inject('redisUrl')
  if (base === '') {
    throw new Error('This run has no Redis: name the file *.redis.test.ts or *.e2e.test.ts.')
  }
  const url = new URL(base)
  url.pathname = `/${workerNumber() % logicalDatabases}`
  return url.href
}

async function flush(url: string): Promise<void> {
  const redis = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 1 })
  redis.on('error', () => undefined)
  try {
    await redis.connect()
    await redis.flushdb()
  } finally {
    redis.disconnect()
  }
}
