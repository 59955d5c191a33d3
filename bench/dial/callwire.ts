import { randomBytes } from 'node:crypto'
import { deriveServiceKeys, parseMasterRing } from '@callwire/crypto'
import { freePort } from '@callwire/stores'
import { startChild } from '../lib/child.ts'
import type { Observer } from './observer.ts'
import { answers } from './answers.ts'
import { seedPhones } from './seed.ts'
import { createPlacer, type Side } from './side.ts'
import type { Stores } from './stores.ts'

/** Exotel's own limit, for each of the accounts. */
const REQUESTS_PER_MINUTE = '200'
/** Counted, and never met: the one limit that an install sets for itself. */
const API_RATE_PER_MINUTE = '1000000'
/** Nobody calls back here, and nobody has to be asked after within a run. */
const NO_POLLS_MS = '3600000'

/** The system's own two processes on the way of a call, as they are started for real. */
export async function startCallwire(
  stores: Stores,
  o: { observer: Observer; phones: number; connections: number },
): Promise<Side & AsyncDisposable> {
  await using stack = new AsyncDisposableStack()
  const keys = deriveServiceKeys(parseMasterRing(`k1:${randomBytes(32).toString('base64')}`))
  const exotelHost = o.observer.host
  const phones = await seedPhones(stores, { phones: o.phones, keys, exotelHost })
  const port = await freePort()
  const shared = {
    ...keys,
    REDIS_URL: stores.redisUrl,
    METRICS_PORT: '0',
    GATEWAY_PORT: String(port),
    EXOTEL_ALLOWED_HOSTS: exotelHost,
  }
  const gateway = stack.use(
    startChild('services/gateway/src/main.ts', [], {
      ...shared,
      DATABASE_URL: stores.serviceUrl('gateway'),
      JWT_SECRET: randomBytes(32).toString('hex'),
      API_RATE_PER_MINUTE,
    }),
  )
  const dialer = stack.use(
    startChild('services/dialer/src/main.ts', [], {
      ...shared,
      DATABASE_URL: stores.serviceUrl('dialer'),
      EXOTEL_ALLOW_HTTP: 'true',
      EXOTEL_REQUESTS_PER_MINUTE: REQUESTS_PER_MINUTE,
      CALL_POLL_AFTER_MS: NO_POLLS_MS,
    }),
  )
  const origin = `http://127.0.0.1:${port}`
  await answers(`${origin}/readyz`, [gateway, dialer])
  const placer = stack.use(
    createPlacer(origin, {
      connections: o.connections,
      path: '/api/v1/calls',
      request: (n) => {
        const phone = phones[(n * 7_919) % phones.length]
        return {
          headers: {
            authorization: `Bearer ${phone?.apiKey ?? ''}`,
            'idempotency-key': `bench-${n}`,
          },
          body: JSON.stringify({ phoneId: phone?.phoneId, to: personOf(n) }),
        }
      },
      read: (json) => (json as { data: { call: { id: string } } }).data.call.id,
    }),
  )
  const kept = stack.move()
  return {
    name: 'callwire',
    api: gateway.pid,
    dialer: dialer.pid,
    place: placer.place,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

/** An Indian mobile number. */
export function personOf(n: number): string {
  return `+9198${String(n).padStart(8, '0')}`
}
