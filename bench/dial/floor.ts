import { freePort } from '@callwire/stores'
import { startChild } from '../lib/child.ts'
import { answers } from './answers.ts'
import { personOf } from './callwire.ts'
import type { Observer } from './observer.ts'
import { createPlacer, type Side } from './side.ts'
import type { Stores } from './stores.ts'

/**
 * What a call cannot do without, and nothing else, by the same libraries in as many processes: a
 * POST with JSON, a durable row, a BullMQ job, a durable update, a request to Exotel, a durable
 * update. No tenants, no keys, no checks, no ledger; a crash dials twice.
 */
export async function startFloor(
  stores: Stores,
  o: { observer: Observer; connections: number },
): Promise<Side & AsyncDisposable> {
  await using stack = new AsyncDisposableStack()
  await stores.sql.unsafe(`
    create schema floor;
    create table floor.calls (
      id text primary key,
      phone_id text not null,
      person text not null,
      status text not null,
      sid text,
      created_at timestamptz not null default now()
    )`)
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
