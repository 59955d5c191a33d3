import { freePort } from '@callwire/stores'
import { answers } from '../dial/answers.ts'
import type { Stores } from '../dial/stores.ts'
import { startChild } from '../lib/child.ts'
import { readCounts, type Side } from './side.ts'

/**
 * What it costs to take media at all, by the same libraries: a `ws` server that parses a message,
 * decodes its audio, seals blocks of 100 ms and appends them to Redis. No login, no call, no
 * counters of gaps and repeats, no limits, nothing kept for when Redis is away, no database.
 */
export async function startFloor(stores: Stores): Promise<Side & AsyncDisposable> {
  await using stack = new AsyncDisposableStack()
  const port = await freePort()
  const child = stack.use(
    startChild('bench/ingest/floor/server.ts', [], {
      PORT: String(port),
      REDIS_URL: stores.redisUrl,
    }),
  )
  const origin = `http://127.0.0.1:${port}`
  await answers(`${origin}/healthz`, [child])
  const kept = stack.move()
  return {
    name: 'floor',
    pid: child.pid,
    target: () => ({ port, path: '/', authorization: null }),
    counts: () => readCounts(origin),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}
