import { keepBuffersYoung, run, serveMetrics } from '@callwire/runtime'
import { drainGraceOf, isSupervised, readIngestConfig, strayVariables } from './config.ts'
import { createContext } from './context.ts'
import { startServer } from './server.ts'

/** After the last call is closed: its end on record, and the stores' connections closed. */
const STOP_MS = 20_000

keepBuffersYoung()
await run(
  'ingest',
  async ({ log, signal }) => {
    const config = readIngestConfig()
    for (const name of strayVariables()) log.warn({ variable: name }, 'unknown variable')
    if (config.allowListAlone && config.allowedIps.length === 0) {
      log.warn('SUPPORT_EXOTEL without INGEST_ALLOWED_IPS admits nobody by address')
    }
    await using undo = new AsyncDisposableStack()
    const context = undo.use(await createContext(config, { log, signal }))
    const server = undo.use(await startServer(context, config, { hurry: supervisorGone() }))
    undo.use(
      await serveMetrics({
        metrics: context.metrics.metrics,
        // Metrics are for this machine alone, whatever the sockets listen on.
        host: '127.0.0.1',
        port: config.metricsPort,
        log,
        health: server.health,
      }),
    )
    return undo.move()
  },
  { graceMs: drainGraceOf() + STOP_MS, drains: true },
)

/** Without a supervisor there are no stores either, soon: a drain would only hold the port. */
function supervisorGone(): AbortSignal {
  const gone = new AbortController()
  if (isSupervised()) {
    process.stdin.once('end', () => gone.abort())
    process.stdin.once('error', () => gone.abort())
    if (process.stdin.readableEnded) gone.abort()
  }
  return gone.signal
}
