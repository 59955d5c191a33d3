import { authenticateBearer, createKeyIds, createTokens } from '@callwire/accounts'
import {
  connectRedis,
  createDoorbell,
  createQueues,
  createRevocations,
  createTickets,
  requireNoEviction,
} from '@callwire/bus'
import { macToken } from '@callwire/crypto'
import { connectDatabase } from '@callwire/db'
import { measureHeldKeys, watchKeys } from '@callwire/keyring'
import { createLedger } from '@callwire/ledger'
import { createRecordingStore } from '@callwire/recordings'
import {
  addressRanges,
  createHealth,
  createMetrics,
  systemClock,
  systemRandom,
  type Health,
  type Logger,
  type Metrics,
} from '@callwire/runtime'
import type { AppDeps } from './app.ts'
import { createBestEffort } from './best-effort.ts'
import { CHECK_MS, checkService } from './check-service.ts'
import type { GatewayConfig } from './config.ts'
import { createGatewayMetrics } from './gateway-metrics.ts'
import { createNewId } from './new-id.ts'
import { createPublicUrls } from './public-urls.ts'
import { routeTable } from './routes/route-table.ts'
import { createSplice } from './splice/create-splice.ts'

/** Short transactions, many at a time; requests with one idempotency key wait inside theirs. */
const databaseConnections = 20

export type GatewayContext = {
  app: AppDeps
  health: Health
  metrics: Metrics
  /** Waits for work that answers did not wait for. */
  settled(): Promise<void>
  close(): Promise<void>
}

/** Builds all that the gateway is made of; on failure nothing stays open. */
export async function createContext(
  config: GatewayConfig,
  o: { log: Logger; signal: AbortSignal },
): Promise<GatewayContext> {
  const { log, signal } = o
  const clock = systemClock
  const random = systemRandom
  await using opened = new AsyncDisposableStack()
  const database = await connectDatabase({
    url: config.databaseUrl,
    applicationName: 'callwire-gateway',
    maxConnections: databaseConnections,
  })
  opened.defer(() => database.close())
  const keyWatch = opened.use(
    await watchKeys({
      keys: database.keys,
      service: 'gateway',
      rings: config.rings,
      ...{ clock, random, log, signal },
    }),
  )
  const bus = opened.use(await connectRedis({ url: config.redisUrl, name: 'gateway', log }))
  await requireNoEviction(bus)
  const queues = createQueues(bus)
  opened.defer(() => queues.close())

  const metrics = createMetrics()
  const measured = createGatewayMetrics(metrics)
  measureHeldKeys(metrics, keyWatch)
  const tokens = createTokens({ jwtSecret: config.jwtSecret, clock })
  const keyIds = createKeyIds()
  const bestEffort = createBestEffort(log)
  const newRequestId = () => `req_${random(10).toString('hex')}`
  const health = createHealth(
    {
      postgres: () => database.ping(),
      redis: () => bus.ping(),
      keys: () => keyWatch.check(),
      ...Object.fromEntries(
        config.healthUrls.map(({ name, url }) => [name, () => checkService(url)]),
      ),
    },
    { checkMs: CHECK_MS },
  )
  const store = config.recordings === null ? null : createRecordingStore(config.recordings)
  if (store !== null) opened.use(store)
  const kept = opened.move()
  return {
    app: {
      log,
      health,
      newRequestId,
      routes: routeTable({
        database,
        ledger: createLedger({ database, doorbell: createDoorbell(bus), clock, random, log }),
        queues,
        tickets: createTickets(bus),
        revocations: createRevocations(bus),
        tokens,
        bestEffort,
        clock,
        random,
        log,
        contentRing: config.contentRing,
        credentialRing: config.credentialRing,
        webhookRing: config.webhookRing,
        allowedHosts: config.allowedHosts,
        webhookHosts: config.webhookHosts,
        globalFallback: config.globalFallback,
        store,
        urls: createPublicUrls(config.publicUrl),
      }),
      webhook: {
        database,
        queues,
        bestEffort,
        newId: createNewId({ clock, random }),
        callbackKeys: config.callbackKeys,
        ring: config.contentRing,
        observePassthru: measured.observePassthru,
      },
      authenticate: (token) =>
        authenticateBearer({ database, tokens, clock, recordUse: true, keyIds }, token),
      splice: createSplice({
        upstreams: config.upstreams,
        trusted: addressRanges(config.trustedProxies),
        mac: (text) => macToken(config.edgeKeys, 'edge', text),
        clock,
        log,
        gauge: measured.splices,
        newRequestId,
      }),
      trustedProxies: config.trustedProxies,
      allowedOrigins: config.allowedOrigins,
      ratePerMinute: config.ratePerMinute,
      publicUrl: config.publicUrl,
      observe: measured.observe,
      observeCut: measured.observeCut,
      clock,
    },
    health,
    metrics,
    settled: () => bestEffort.settled(),
    close: () => kept.disposeAsync(),
  }
}
