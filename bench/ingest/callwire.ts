import { randomBytes } from 'node:crypto'
import { deriveServiceKeys, parseMasterRing } from '@callwire/crypto'
import { freePort } from '@callwire/stores'
import { answers } from '../dial/answers.ts'
import type { Stores } from '../dial/stores.ts'
import { startChild, type Child } from '../lib/child.ts'
import { seedPhones } from './seed.ts'
import { readCounts, type Side } from './side.ts'

export type Transcriber = AsyncDisposable & { pid: number; metricsUrl: string }

export type Callwire = Side &
  AsyncDisposable & {
    /** The other half, which takes what ingest hands on; gives the address of its metrics. */
    startTranscriber(): Promise<Transcriber>
  }

/** The system's own ingest as it is started for real: each socket is a call that comes in. */
export async function startCallwire(stores: Stores): Promise<Callwire> {
  await using stack = new AsyncDisposableStack()
  const keys = deriveServiceKeys(parseMasterRing(`k1:${randomBytes(32).toString('base64')}`))
  const headers = await seedPhones(stores)
  const port = await freePort()
  const shared = { ...keys, REDIS_URL: stores.redisUrl }
  const ingest = stack.use(
    startChild('services/ingest/src/main.ts', [], {
      ...shared,
      DATABASE_URL: stores.serviceUrl('ingest'),
      JWT_SECRET: randomBytes(32).toString('hex'),
      INGEST_PORT: String(port),
      METRICS_PORT: '0',
      // A load from one address is no flood of strangers, as Exotel's own few are not.
      INGEST_ALLOWED_IPS: '127.0.0.1/32',
      DRAIN_GRACE_MS: '0',
    }),
  )
  const origin = `http://127.0.0.1:${port}`
  await answers(`${origin}/readyz`, [ingest])
  const kept = stack.move()
  return {
    name: 'callwire',
    pid: ingest.pid,
    target: (n) => ({
      port,
      path: '/v1/ingest',
      authorization: headers[n % headers.length] ?? '',
    }),
    counts: () => readCounts(origin),
    startTranscriber: () => startTranscriber(stores, shared),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

async function startTranscriber(
  stores: Stores,
  shared: Record<string, string>,
): Promise<Transcriber> {
  const metricsPort = await freePort()
  const child: Child = startChild('services/transcriber/src/main.ts', [], {
    ...shared,
    DATABASE_URL: stores.serviceUrl('transcriber'),
    ASR_PROVIDER: 'loopback',
    METRICS_PORT: String(metricsPort),
  })
  const metricsUrl = `http://127.0.0.1:${metricsPort}/metrics`
  await answers(metricsUrl, [child])
  return { pid: child.pid, metricsUrl, [Symbol.asyncDispose]: () => child[Symbol.asyncDispose]() }
}
