import type { FastifyInstance } from 'fastify'
import { serveMetrics, type Logger } from '@callwire/runtime'
import { buildApp } from './app.ts'
import { notAsked } from './check-service.ts'
import type { GatewayConfig } from './config.ts'
import { createContext } from './context.ts'
import { countRequests } from './count-requests.ts'
import type { Route } from './http/route.ts'

/** Requests under way when the end comes are answered, but not waited for longer than this. */
const answerGraceMs = 3_000

export type Gateway = AsyncDisposable & {
  port: number
  app: FastifyInstance
  /** What it answers below `/api/v1`. */
  routes: readonly Route[]
}

/**
 * Starts the gateway. Disposing it stops taking connections, lets requests and live splices end
 * by themselves for their time, and closes what is left.
 */
export async function startGateway(
  config: GatewayConfig,
  o: { log: Logger; signal: AbortSignal },
): Promise<Gateway> {
  if (config.weakJwtSecret) o.log.warn('JWT_SECRET is shorter than 32 characters')
  const missing = notAsked(config.healthUrls)
  if (missing.length > 0) o.log.warn({ services: missing }, 'readiness does not cover all services')
  await using opened = new AsyncDisposableStack()
  const context = await createContext(config, o)
  opened.defer(() => context.close())
  const { metrics, health } = context
  opened.use(
    await serveMetrics({
      metrics,
      health,
      // Metrics are for this machine alone, whatever the gateway itself listens on.
      host: '127.0.0.1',
      port: config.metricsPort,
      log: o.log,
    }),
  )
  const app = await buildApp(context.app)
  opened.defer(() => app.close())
  const underWay = countRequests(app)
  await app.listen({ host: config.host, port: config.port })
  const address = app.server.address()
  const port = address !== null && typeof address === 'object' ? address.port : config.port
  const kept = opened.move()
  return {
    app,
    port,
    routes: context.app.routes,
    [Symbol.asyncDispose]: async () => {
      app.server.close()
      app.server.closeIdleConnections()
      await Promise.all([
        underWay.ended(answerGraceMs),
        context.app.splice.drain(config.drainGraceMs),
      ])
      await context.settled()
      app.server.closeAllConnections()
      await kept.disposeAsync()
    },
  }
}
