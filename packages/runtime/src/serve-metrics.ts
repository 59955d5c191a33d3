import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { errorFields } from './error-fields.ts'
import type { Health } from './health.ts'
import type { Logger } from './logger.ts'
import type { Metrics } from './metrics.ts'

/** Scrapers are local and small: whoever takes longer to ask is not one. */
const requestTimeoutMs = 5_000

export type MetricsServer = AsyncDisposable & { port: number }

/**
 * Serves `/metrics` in Prometheus' text form, and `/healthz` and `/readyz` when `health` is
 * given. `port` 0 takes a free one. Rejects when the port is taken.
 */
export async function serveMetrics(o: {
  metrics: Metrics
  host: string
  port: number
  log: Logger
  health?: Health
}): Promise<MetricsServer> {
  const server = createServer(
    { requestTimeout: requestTimeoutMs, headersTimeout: requestTimeoutMs },
    (request, response) => {
      answer(o, request, response).catch((error: unknown) => {
        o.log.warn(errorFields(error), 'metrics request failed')
        response.destroy()
      })
    },
  )
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(o.port, o.host, () => {
      server.off('error', reject)
      resolve()
    })
  })
  const { port } = server.address() as AddressInfo
  o.log.debug({ port }, 'metrics listening')
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}

async function answer(
  o: { metrics: Metrics; health?: Health },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = (request.url ?? '').split('?')[0]
  const { registry } = o.metrics
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    respond(response, 405, 'text/plain', '')
  } else if (path === '/metrics') {
    respond(response, 200, registry.contentType, await registry.metrics())
  } else if (o.health !== undefined && (path === '/healthz' || path === '/readyz')) {
    const result = path === '/healthz' ? o.health.healthz() : await o.health.readyz()
    respond(response, result.status, 'application/json', JSON.stringify(result.body))
  } else {
    respond(response, 404, 'text/plain', '')
  }
}

function respond(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body)
}
