import { fastify, type FastifyInstance, LogController } from 'fastify'
import { type Clock, systemClock } from './clock.ts'
import { createExchange, type Exchange } from './exchange.ts'
import { ControlError } from './routes/control-error.ts'
import { registerControl } from './routes/control.ts'
import { registerPage } from './routes/page.ts'
import { registerConnect } from './routes/v1-connect.ts'
import { registerReads } from './routes/v1-read.ts'
import { type AccountInput, toAccount } from './state/accounts.ts'
import { createFaults } from './state/faults.ts'
import { openJsonLines, readJsonLines } from './state/journal.ts'
import { createRateLimit } from './state/rate-limit.ts'
import { createState } from './state/simulator-state.ts'
import { createTruthLog } from './state/truth-log.ts'
import { SETTLE_MS } from './wire/call-v1.ts'
import { refuse, restException } from './wire/rest-exception.ts'

const MAX_BODY_BYTES = 4 * 1024 * 1024
const REQUEST_MS = 30_000

export type SimulatorOptions = {
  logLevel: string
  /** Where the log and what must outlive a restart are kept; null: in memory alone. */
  dataDir: string | null
  account?: AccountInput | undefined
  clock?: Clock
  settleMs?: number
  /** Shortens the pause before a callback is tried again. */
  retryScale?: number
}

export type Simulator = { app: FastifyInstance; exchange: Exchange; close(): Promise<void> }

function createApp(logLevel: string): FastifyInstance {
  const app = fastify({
    logger: { level: logLevel, base: { service: 'exotel-simulator' }, stream: process.stderr },
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_MS,
    forceCloseConnections: true,
  })
  app.addHook('onSend', (_request, reply, payload, done) => {
    void reply.header('x-simulator', 'exotel-simulator; not Exotel')
    done(null, payload)
  })
  app.setErrorHandler((error: Error & { statusCode?: number; code?: string }, request, reply) => {
    const status = error.statusCode ?? 500
    const shown = error instanceof ControlError || status < 500
    if (!shown) request.log.error({ errorName: error.name, code: error.code }, 'request failed')
    const message = shown ? error.message : 'Internal error of the simulator'
    const isApi = request.url.startsWith('/v')
    return reply
      .status(status)
      .send(isApi ? restException(refuse(status, message)) : { error: { message } })
  })
  app.setNotFoundHandler((request, reply) => {
    const isApi = request.url.startsWith('/v')
    const body = isApi
      ? restException(refuse(404, 'Resource not found'))
      : { error: { message: 'no such route' } }
    return reply.status(404).send(body)
  })
  return app
}

/** Builds the whole simulator; `app.listen` starts it. */
export async function createSimulator(options: SimulatorOptions): Promise<Simulator> {
  const clock = options.clock ?? systemClock
  const app = createApp(options.logLevel)
  const { log: appLog } = app
  const onError = (code: string) => appLog.error({ code }, 'the data folder cannot be written')
  const replay = await readJsonLines(options.dataDir, 'journal.jsonl')
  const journal = openJsonLines(options.dataDir, 'journal.jsonl', onError)
  const logFile = openJsonLines(options.dataDir, 'log.jsonl', onError)
  const log = createTruthLog(clock.now, logFile)
  const faults = createFaults()
  const { state, earlierCalls } = createState(journal, replay)
  if (options.account) state.putAccount(toAccount(options.account))
  const exchange = createExchange({
    ...{ clock, faults, log, scripts: state.scripts, retryScale: options.retryScale ?? 1 },
    flowUrl: (appId) => state.flows.get(appId) ?? null,
    streamLimit: (sid) => state.accounts.get(sid)?.activeStreamLimit ?? 0,
    onChange: (call) => {
      state.putCall(call)
      appLog.debug({ callSid: call.sid, status: call.status }, 'call changed')
    },
    onCrash: (call, error) => {
      const errorName = error instanceof Error ? error.name : 'unknown'
      appLog.error({ callSid: call.sid, errorName }, 'call crashed')
    },
  })
  const deps = {
    ...{ clock, exchange, state, faults, log },
    rateLimit: createRateLimit(clock.now),
    settleMs: options.settleMs ?? SETTLE_MS,
  }

  await app.register(async (api) => {
    // v1 reads forms and judges any other body itself.
    api.removeAllContentTypeParsers()
    api.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
    registerConnect(api, deps)
    registerReads(api, deps)
    await Promise.resolve()
  })
  registerControl(app, deps)
  registerPage(app, deps)
  app.get('/healthz', () => ({ status: 'ok', checks: {} }))
  app.get('/readyz', () => ({ status: 'ok', checks: {} }))
  exchange.restore(earlierCalls)

  return {
    app,
    exchange,
    async close() {
      await exchange.close()
      await app.close()
      journal.close()
      logFile.close()
    },
  }
}
