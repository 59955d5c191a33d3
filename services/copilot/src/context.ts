import { authenticateBearer, createTokens } from '@callwire/accounts'
import {
  connectRedis,
  createDoorbellSubscriber,
  createRevocations,
  createTickets,
  requireNoEviction,
} from '@callwire/bus'
import { connectDatabase } from '@callwire/db'
import { createLedger } from '@callwire/ledger'
import {
  AppError,
  createHealth,
  createHttpServer,
  createMetrics,
  every,
  offerPort,
  randomFraction,
  registerHealthRoutes,
  serveMetrics,
  systemClock as clock,
  systemRandom as random,
  takePort,
  type Logger,
} from '@callwire/runtime'
import type { Config } from './config.ts'
import { createIdentify, type Consumer } from './identify.ts'
import { limits as usualLimits, type Limits } from './limits.ts'
import { loadBoard } from './load-board.ts'
import { createCopilotMetrics } from './metrics.ts'
import { createRegistry } from './socket/registry.ts'
import { attachSocketServer } from './server.ts'
import { registerSse } from './sse.ts'
import { isStillValid, recheckAll } from './still-valid.ts'
import { createHeadWatch } from './topics/head-watch.ts'

/** The copilot reads facts and appends none. */
const silentDoorbell = { ringEvents: () => Promise.resolve() }

export type Copilot = AsyncDisposable & {
  /** Where it listens: the one asked for, or the free one taken for 0. */
  readonly port: number
  readonly metricsPort: number
}

/** Everything the copilot is made of, disposed in reverse: consumers are told to come back first. */
export async function createCopilot(
  config: Config,
  { signal, log }: { signal: AbortSignal; log: Logger },
  limits: Limits = usualLimits,
): Promise<Copilot> {
  await using stack = new AsyncDisposableStack()
  const database = await connectDatabase({ url: config.databaseUrl, applicationName: 'copilot' })
  stack.defer(() => database.close())
  const redis = stack.use(await connectRedis({ url: config.redisUrl, name: 'copilot', log }))
  await requireNoEviction(redis)

  const ledger = createLedger({ database, doorbell: silentDoorbell, clock, random, log })
  const doorbell = createDoorbellSubscriber(redis)
  const tokens = createTokens({ jwtSecret: config.jwtSecret.reveal(), clock })
  const isValid = (consumer: Consumer) => isStillValid(database, consumer)
  const identify = createIdentify({
    authenticate: (token) => authenticateBearer({ database, tokens, clock }, token),
    tickets: createTickets(redis),
    isStillValid: isValid,
  })
  const registry = createRegistry(config.maxSockets)
  const heads = createHeadWatch(ledger)
  const drain = { active: false }
  const isDraining = () => drain.active
  const shared = { ledger, doorbell, clock, log, heads, identify, registry, isDraining, limits }

  const metrics = createMetrics()
  const health = createHealth({
    database: () => database.ping(),
    redis: () => redis.ping(),
    accepting: () =>
      drain.active
        ? Promise.reject(new AppError({ code: 'draining', message: 'The copilot is draining.' }))
        : Promise.resolve(),
  })
  const app = createHttpServer({ log })
  registerHealthRoutes(app, health)
  offerPort(app, { isDraining, giveUp: () => app.server.close() })
  registerSse(app, shared)
  const sockets = attachSocketServer(app, {
    ...shared,
    loadBoard: (tenantId) => loadBoard(database, tenantId),
    metrics: createCopilotMetrics(metrics, () => registry.count()),
    allowedOrigins: config.allowedOrigins,
    randomFraction: () => randomFraction(random),
  })
  stack.defer(await createRevocations(redis).subscribe((revocation) => registry.revoke(revocation)))
  const repeat = (ms: number, name: string, task: () => Promise<void>) =>
    stack.use(every(ms, task, { clock, signal, log, name }))
  repeat(limits.lookMs, 'compare heads', () => heads.look())
  repeat(limits.recheckMs, 'recheck consumers', () => recheckAll(registry, isValid))
  const port = await takePort(app, { host: config.host, port: config.port, clock })
  stack.defer(async () => {
    await sockets.drain()
    app.server.closeAllConnections()
    // The port may have been given up already.
    await app.close().catch(() => undefined)
  })
  // The first to go, so that a successor finds its port free; for this machine alone, whatever the sockets listen on.
  const scraped = stack.use(
    await serveMetrics({ metrics, host: '127.0.0.1', port: config.metricsPort, log, health }),
  )
  const rest = stack.move()
  return {
    port,
    metricsPort: scraped.port,
    async [Symbol.asyncDispose]() {
      drain.active = true
      await rest.disposeAsync()
    },
  }
}
