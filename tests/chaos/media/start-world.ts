import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startConstellation } from '@callwire/e2e/constellation'
import { idleMachine, prepareCalls, type BreakableRedis, type World } from '@callwire/e2e/media'
import { startRedis } from '@callwire/stores'
import { Redis } from 'ioredis'

/** The whole system on a Redis of its own, and callers. */
export type ChaosWorld = AsyncDisposable & World & { readonly redisUrl: string }

/** A crashed server's children may hold its port for moments longer. */
const START_ATTEMPTS = 10
const START_PAUSE_MS = 500

/** @param preload - a module that every process of the system loads first, to break it; null: none */
export async function startWorld(o: { preload: string | null }): Promise<ChaosWorld> {
  await using stack = new AsyncDisposableStack()
  const dataDir = await mkdtemp(join(tmpdir(), 'callwire-chaos-media-'))
  stack.defer(() => rm(dataDir, { recursive: true, force: true }))
  let server = await startRedis({ dataDir })
  stack.defer(() => server.stop())
  const { url, port } = server
  const redis: BreakableRedis = {
    async kill() {
      server.kill()
      await server.exited
    },
    async restart() {
      for (let attempt = 1; ; attempt += 1) {
        try {
          server = await startRedis({ dataDir, port })
          return
        } catch (error) {
          if (attempt === START_ATTEMPTS) throw error
          await new Promise((resolve) => setTimeout(resolve, START_PAUSE_MS))
        }
      }
    },
    async flush() {
      const client = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 1 })
      client.on('error', () => undefined)
      try {
        await client.connect()
        await client.flushall()
      } finally {
        client.disconnect()
      }
    },
  }
  const system = stack.use(
    await startConstellation({
      REDIS_URL: url,
      LOG_LEVEL: 'warn',
      CALL_POLL_AFTER_MS: '3000',
      API_RATE_PER_MINUTE: '0',
      EXOTEL_REQUESTS_PER_MINUTE: '100000',
      ...(o.preload === null ? {} : { NODE_OPTIONS: `--import=${o.preload}` }),
    }),
  )
  const calls = await prepareCalls(system)
  const kept = stack.move()
  return {
    ...{ system, calls, redis, machine: idleMachine, redisUrl: url },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}
