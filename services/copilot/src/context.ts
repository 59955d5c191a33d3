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
  createHealth,
  createHttpServer,
  createMetrics,
  every,
  randomFraction,
  registerHealthRoutes,
  serveMetrics,
  systemClock as clock,
  systemRandom as random,
  type Logger,
} from '@callwire/runtime'
import type { Config } from './config.ts'
import { createIdentify } from './identify.ts'
import { loadBoard } from './load-board.ts'
import { createRegistry } from './socket/registry.ts'
import { attachSocketServer } from './server.ts'
import { registerSse } from './sse.ts'
import { isStillValid, RECHECK_MS } from './still-valid.ts'
import { createHeadWatch, LOOK_MS } from './topics/head-watch.ts'

/** The copilot reads facts and appends none. */
const silentDoorbell = { ringEvents: () => Promise.resolve() }

/** Everything the copilot is made of, disposed in reverse: consumers are told to come back first. */
export async function createCopilot(
  config: Config,
  { signal, log }: { signal: AbortSignal; log: Logger },
): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack()
  const database = await connectDatabase({ url: config.databaseUrl, applicationName: 'copilot' })
  stack.defer(() => database.close())
  const redis = stack.use(await connectRedis({ url: config.redisUrl, name: 'copilot', log }))
  await requireNoEviction(redis)

  const ledger = createLedger({ database, doorbell: silentDoorbell, clock, random, log })
  const doorbell = createDoorbellSubscriber(redis)
  const tokens = createTokens({ jwtSecret: config.jwtSecret.reveal(), clock })
  const identify = createIdentify({
    authenticate: (token) => authenticateBearer({ database, tokens, clock }, token),
    tickets: createTickets(redis),
  })
  const registry = createRegistry(config.maxSockets)
  const heads = createHeadWatch(ledger)
  const shared = { ledger, doorbell, clock, log, heads, identify }

  const metrics = createMetrics()
  const health = createHealth({ database: () => database.ping(), redis: () => redis.ping() })
  stack.use(
    await serveMetrics({ metrics, host: config.host, port: config.metricsPort, log, health }),
  )

  const app = createHttpServer({ log })
  registerHealthRoutes(app, health)
  registerSse(app, shared, signal)
  const sockets = attachSocketServer(app, {
    ...shared,
    loadBoard: (tenantId) => loadBoard(database, tenantId),
    registry,
    allowedOrigins: config.allowedOrigins,
    randomFraction: () => randomFraction(random),
  })
  const unsubscribe = await createRevocations(redis).subscribe((revocation) =>
    registry.revoke(revocation),
  )
  stack.defer(unsubscribe)
  stack.use(every(LOOK_MS, () => heads.look(), { clock, signal, log, name: 'compare heads' }))
  const recheck = async () => {
    for (const connection of registry.all()) {
      const { consumer } = connection
      if (consumer !== null && !(await isStillValid(database, consumer))) connection.revoke()
    }
  }
  stack.use(every(RECHECK_MS, recheck, { clock, signal, log, name: 'recheck consumers' }))
  await app.listen({ host: config.host, port: config.port })
  stack.defer(async () => {
    await sockets.drain()
    await app.close()
  })
  return stack.move()
}
