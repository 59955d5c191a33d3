import { freePort } from '@callwire/stores'
import { startChild } from '../lib/child.ts'
import { answers } from './answers.ts'
import { personOf } from './callwire.ts'
import type { Observer } from './observer.ts'
import { createFloorTables } from './floor/tables.ts'
import { createPlacer, type Side } from './side.ts'
import type { Stores } from './stores.ts'

/**
 * The input and output of a call and nothing else, by the same libraries in as many processes: a
 * POST with JSON, the rows of a new call, a BullMQ job, the rows of an attempt, a request to Exotel,
 * its Sid. The same rows as the system's, in three durable transactions of one statement each; but
 * no login, no tenant's fence, no key, no rule, no lock, no question first. A crash dials twice.
 */
export async function startFloor(
  stores: Stores,
  o: { observer: Observer; connections: number },
): Promise<Side & AsyncDisposable> {
  await using stack = new AsyncDisposableStack()
  await createFloorTables(stores.sql)
  const port = await freePort()
  const shared = {
    DATABASE_URL: stores.databaseUrl,
    REDIS_URL: stores.redisUrl,
    PORT: String(port),
    EXOTEL_ORIGIN: `http://${o.observer.host}`,
  }
  const api = stack.use(startChild('bench/dial/floor/api.ts', [], shared))
  const worker = stack.use(startChild('bench/dial/floor/worker.ts', [], shared))
  const origin = `http://127.0.0.1:${port}`
  await answers(`${origin}/healthz`, [api, worker])
  const placer = stack.use(
    createPlacer(origin, {
      connections: o.connections,
      path: '/calls',
      request: (n) => ({
        headers: {},
        body: JSON.stringify({ phoneId: 'bench', to: personOf(n) }),
      }),
      read: (json) => (json as { id: string }).id,
    }),
  )
  const kept = stack.move()
  return {
    name: 'floor',
    api: api.pid,
    dialer: worker.pid,
    place: placer.place,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}
