import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { placesOutside, startPostgres, startRedis } from '@callwire/stores'
import { Redis } from 'ioredis'

type Server = {
  readonly url: string
  readonly port: number
  readonly exited: Promise<unknown>
  stop(): Promise<void>
  kill(): void
}

/** A store of this run's own that can be broken. Its address stays the same. */
export type Store = AsyncDisposable & {
  readonly url: string
  /** Stops it in good order and starts it again. */
  restart(): Promise<void>
  /** Kills it and starts it on what it left. */
  crash(): Promise<void>
}

export type RedisStore = Store & {
  flush(): Promise<void>
  /** Keeps what is on disk now, for {@link rewind}. */
  snapshot(): Promise<void>
  /** Starts it again on the kept state, as from an old backup; on nothing when none was kept. */
  rewind(): Promise<void>
}

/** A crashed server's children may hold its port and memory for moments longer. */
const startAttempts = 10
const startPauseMs = 500

async function holdServer(start: (port?: number) => Promise<Server>) {
  let server = await start()
  const { url, port } = server
  const startAgain = async (): Promise<void> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        server = await start(port)
        return
      } catch (error) {
        if (attempt === startAttempts) throw error
        await new Promise((resolve) => setTimeout(resolve, startPauseMs))
      }
    }
  }
  return {
    url,
    startAgain,
    stop: () => server.stop(),
    async restart() {
      await server.stop()
      await startAgain()
    },
    async crash() {
      server.kill()
      await server.exited
      await startAgain()
    },
    [Symbol.asyncDispose]: () => server.stop(),
  }
}

/** Commits are on disk before they are answered, as in an install: a crash may lose none. */
export async function ownPostgres(dataDir: string): Promise<Store> {
  const server = await holdServer((port) =>
    startPostgres({ dataDir, ...(port === undefined ? {} : { port }) }),
  )
  return {
    ...server,
    async [Symbol.asyncDispose]() {
      await server.stop()
      for (const place of await placesOutside(dataDir)) {
        await rm(place, { recursive: true, force: true })
      }
    },
  }
}

export async function ownRedis(dataDir: string): Promise<RedisStore> {
  const server = await holdServer((port) =>
    startRedis({ dataDir, ...(port === undefined ? {} : { port }) }),
  )
  const files = join(dataDir, 'redis', 'appendonlydir')
  const kept = join(dataDir, 'redis-kept')
  return {
    ...server,
    async flush() {
      const redis = new Redis(server.url, { lazyConnect: true, maxRetriesPerRequest: 1 })
      redis.on('error', () => undefined)
      try {
        await redis.connect()
        await redis.flushall()
      } finally {
        redis.disconnect()
      }
    },
    async snapshot() {
      await rm(kept, { recursive: true, force: true })
      await cp(files, kept, { recursive: true })
    },
    async rewind() {
      await server.stop()
      await rm(files, { recursive: true, force: true })
      await cp(kept, files, { recursive: true }).catch(() => undefined)
      await server.startAgain()
    },
  }
}
