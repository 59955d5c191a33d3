import { fastify } from 'fastify'
import { type Config, ConfigError, readConfig } from './config.ts'
import { createSimulator } from './simulator.ts'

/** The last word when something does not end by itself. */
const STOP_MS = 8_000

/** `/healthz` and `/readyz` once more, on a port that only the operator sees. */
async function serveHealth(config: Config): Promise<() => Promise<void>> {
  if (config.metricsPort === null) return () => Promise.resolve()
  const app = fastify({ logger: false, forceCloseConnections: true })
  app.get('/healthz', () => ({ status: 'ok', checks: {} }))
  app.get('/readyz', () => ({ status: 'ok', checks: {} }))
  await app.listen({ host: config.host, port: config.metricsPort })
  return () => app.close()
}

async function main(): Promise<void> {
  const config = readConfig()
  const { supervised, host, port, ...options } = config
  const simulator = await createSimulator(options)
  let stopHealth = () => Promise.resolve()
  let stopping = false
  const stop = () => {
    if (stopping) return
    stopping = true
    setTimeout(() => process.exit(1), STOP_MS).unref()
    Promise.all([stopHealth(), simulator.close()]).then(
      () => process.exit(0),
      () => process.exit(1),
    )
  }
  // Before anybody is told that it listens: whoever knows may end it at once.
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  // The launcher holds the other end: when it is gone, so are we.
  if (supervised) process.stdin.on('end', stop).on('error', stop).resume()

  await simulator.app.listen({ host, port, listenTextResolver: () => 'listening' })
  const { log } = simulator.app
  log.info({ addresses: simulator.app.addresses() }, 'Exotel simulator (not Exotel) is ready')
  stopHealth = await serveHealth(config)
}

main().catch((error: unknown) => {
  const code = (error as NodeJS.ErrnoException).code ?? 'start_failed'
  const sentence =
    error instanceof ConfigError
      ? error.message
      : code === 'EADDRINUSE'
        ? 'A port of the Exotel simulator is taken by another program.'
        : `The Exotel simulator could not start (${code}).`
  process.stderr.write(
    `${JSON.stringify({ level: 60, service: 'exotel-simulator', code, msg: sentence })}\n`,
  )
  process.exit(1)
})
