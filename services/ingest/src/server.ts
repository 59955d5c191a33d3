import {
  addressRanges,
  AppError,
  createHealth,
  createHttpServer,
  every,
  limitUnheard,
  offerPort,
  takePort,
  type Health,
} from '@callwire/runtime'
import type { FastifyInstance } from 'fastify'
import { silentKey } from './client-address.ts'
import { closes } from './closes.ts'
import type { Config } from './config.ts'
import type { IngestContext } from './context.ts'
import { createHeartbeats } from './heartbeats.ts'
import { registerRoutes } from './http-routes.ts'
import { createRegistry } from './registry.ts'
import { createSession } from './session.ts'
import { createStreamCapAlert } from './stream-cap.ts'
import { createUnproven } from './unproven.ts'
import { createUpgradeHandler, isWebSocketUpgrade } from './upgrade.ts'
import { createWaiting } from './waiting.ts'

/** A handshake's headers, and how often Node looks for overdue ones. */
const HEADERS_WITHIN_MS = 5_000
const LOOK_FOR_SLOW_MS = 500
/** Half of what a block may wait at most for audio that would fill it. */
const TICK_MS = 100
/** What is left after the drain has closed the last call: its end goes on record. */
const FINISH_WITHIN_MS = 5_000

export type IngestServer = AsyncDisposable & {
  readonly port: number
  readonly health: Health
}

/**
 * Listens for media sockets and the few plain requests. Disposing drains: new sockets get 503,
 * live ones go on for `drainGraceMs` (or until `hurry` aborts), then close with 1012.
 *
 * @throws when the port is taken
 */
export async function startServer(
  context: IngestContext,
  config: Pick<
    Config,
    'host' | 'port' | 'drainGraceMs' | 'allowListAlone' | 'allowedIps' | 'trustedProxies'
  >,
  { hurry }: { hurry: AbortSignal },
): Promise<IngestServer> {
  const { log, clock, metrics } = context
  const registry = createRegistry({ clock })
  const drain = { active: false }
  const alertStreamCap = createStreamCapAlert(context)
  const guards = {
    allowedIps: addressRanges(config.allowedIps),
    trustedProxies: addressRanges(config.trustedProxies),
    unproven: createUnproven({ clock }),
  }
  const heartbeats = createHeartbeats(context)
  let frames = 0
  let framesTold = 0
  const deps = {
    ...context,
    registry,
    alertStreamCap,
    heartbeats,
    onFrame: () => {
      frames += 1
    },
  }

  const health = createHealth(
    {
      postgres: () => context.database.ping(),
      redis: () => context.bus.ping(),
      keys: () => context.keyWatch.check(),
      accepting: () =>
        drain.active
          ? Promise.reject(new AppError({ code: 'draining', message: 'Ingest is draining.' }))
          : Promise.resolve(),
    },
    { extra: () => ({ streams: registry.size(), frames }) },
  )
  const app = createHttpServer({ log, random: context.random })
  limitUnheard(app.server, {
    keyOf: (remoteAddress) => silentKey(guards, remoteAddress),
    countsPlain: true,
    clock,
    onCut: () => metrics.refused.inc({ status: 'none' }),
  })
  registerRoutes(app, { ...context, ...guards }, health)
  offerPort(app, { isDraining: () => drain.active, giveUp: () => app.server.close() })
  setConnectionRules(app)
  app.server.on(
    'upgrade',
    createUpgradeHandler({
      ...context,
      admitsByAddress: config.allowListAlone && config.allowedIps.length > 0,
      ...guards,
      waiting: createWaiting(),
      alertStreamCap,
      isDraining: () => drain.active,
      onSocket: (socket, { admission, defaults, release }) => {
        const session = createSession(deps, socket, { admission, defaults })
        registry.add(session)
        void session.settled.then(release)
        metrics.streams.inc()
        socket.once('close', () => {
          metrics.streams.dec()
          void session.finished.then(() => registry.remove(session))
        })
      },
    }),
  )
  const tick = () => {
    registry.tick()
    // Fifty a second of each stream: too many to look the counter up for each.
    metrics.frames.inc(frames - framesTold)
    framesTold = frames
  }
  const limits = every(TICK_MS, tick, {
    clock,
    signal: new AbortController().signal,
    log,
    name: 'socket limits',
  })
  const port = await takePort(app, { host: config.host, port: config.port, clock })
  log.info({ port }, 'ingest listening')

  return {
    port,
    health,
    async [Symbol.asyncDispose]() {
      drain.active = true
      log.info({ streams: registry.size() }, 'drain begins')
      await until(registry.finished(), config.drainGraceMs, hurry)
      registry.closeAll(closes.drain)
      await until(registry.finished(), FINISH_WITHIN_MS)
      await limits[Symbol.asyncDispose]()
      await heartbeats[Symbol.asyncDispose]()
      registry.destroyAll()
      app.server.closeAllConnections()
      // The port may have been given up already.
      await app.close().catch(() => undefined)
    },
  }

  async function until(done: Promise<void>, ms: number, cut?: AbortSignal): Promise<void> {
    const over = new AbortController()
    const signal = cut === undefined ? over.signal : AbortSignal.any([over.signal, cut])
    await Promise.race([done, clock.sleep(ms, signal).catch(() => undefined)])
    over.abort()
  }
}

/**
 * Node applies its own limits while headers come; after the upgrade the session's hold. An upgrade
 * to anything else that is merely offered (`h2c`) is ignored, as RFC 9110 §7.8 allows.
 */
function setConnectionRules(app: FastifyInstance): void {
  Object.assign(app.server, {
    shouldUpgradeCallback: isWebSocketUpgrade,
    headersTimeout: HEADERS_WITHIN_MS,
    connectionsCheckingInterval: LOOK_FOR_SLOW_MS,
  })
}
