import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { deriveServiceKeys, parseMasterRing } from '@callwire/crypto'
import { serviceDatabaseUrl, serviceNames } from '@callwire/db'
import { freePorts } from '@callwire/stores'
import { startFleet, type Fleet } from './fleet.ts'
import { ask } from './http.ts'
import { runProgram, startProgram, type Program, type Running } from './process.ts'
import { ownPostgres, ownRedis, type RedisStore, type Store } from './stores.ts'
import type { Timing } from './timing.ts'

/** Everything a run breaks, and the provider it is compared with. */
export type System = AsyncDisposable & {
  readonly gatewayUrl: string
  readonly simulatorUrl: string
  /** `host:port`, as phones name their provider. */
  readonly exotelHost: string
  /** The simulator's own account of what it did. */
  readonly truthFile: string
  readonly postgres: Store
  readonly redis: RedisStore
  readonly dialers: Fleet
  /** Kills the gateway and starts it anew; waits until it answers or has ended. */
  killGateway(): Promise<void>
  /** Whether a gateway answers and a dialer is at work. */
  isUp(): Promise<boolean>
  /** Starts anew what ended by itself, as a process does that finds no store when it starts. */
  keepUp(): void
}

const readyBoundMs = 90_000
const lookEveryMs = 100

export async function startSystem(o: {
  dataDir: string
  dialers: number
  requestsPerMinute: number
  timing: Timing
  /** The dialer's program when another one is to be tried. */
  instead: string | null
  onProgress: (line: string) => void
}): Promise<System> {
  await using stack = new AsyncDisposableStack()
  const { dataDir, timing } = o
  const logs = join(dataDir, 'logs')
  await mkdir(logs, { recursive: true })
  o.onProgress('starting PostgreSQL and Redis')
  const postgres = stack.use(await ownPostgres(dataDir))
  const redis = stack.use(await ownRedis(dataDir))
  const passwords = new Map(serviceNames.map((name) => [name, randomBytes(18).toString('hex')]))
  const databaseUrl = (name: (typeof serviceNames)[number]) =>
    serviceDatabaseUrl(postgres.url, name, passwords.get(name) ?? '')
  const logins = serviceNames.map((name) => [
    `DATABASE_URL_${name.toUpperCase()}`,
    databaseUrl(name),
  ])
  await runProgram({
    path: 'packages/launcher/src/migrate.ts',
    variables: { DATABASE_URL: postgres.url, ...(Object.fromEntries(logins) as object) },
  })

  const [simulatorPort = 0, gatewayPort = 0, gatewayMetrics = 0, ...metrics] = await freePorts(
    3 + o.dialers,
  )
  const exotelHost = `127.0.0.1:${simulatorPort}`
  const simulatorDir = join(dataDir, 'simulator')
  const simulator: Program = {
    path: 'services/exotel-simulator/src/main.ts',
    logFile: join(logs, 'exotel-simulator.log'),
    variables: {
      SIMULATOR_PORT: String(simulatorPort),
      SIMULATOR_DATA_DIR: simulatorDir,
      LOG_LEVEL: 'warn',
    },
  }
  stack.use(startProgram(simulator))

  const gatewayUrl = `http://127.0.0.1:${gatewayPort}`
  const rings = deriveServiceKeys(parseMasterRing(`k1:${randomBytes(32).toString('base64')}`))
  const common = {
    ...rings,
    REDIS_URL: redis.url,
    GATEWAY_PORT: String(gatewayPort),
    PUBLIC_URL: gatewayUrl,
    EXOTEL_ALLOWED_HOSTS: exotelHost,
    EXOTEL_ALLOW_HTTP: 'true',
    LOG_LEVEL: 'info',
  }
  const gateway: Program = {
    path: 'services/gateway/src/main.ts',
    logFile: join(logs, 'gateway.log'),
    variables: {
      ...common,
      DATABASE_URL: databaseUrl('gateway'),
      METRICS_PORT: String(gatewayMetrics),
      JWT_SECRET: randomBytes(32).toString('hex'),
      API_RATE_PER_MINUTE: '0',
    },
  }
  const dialer = (port: number, n: number): Program => ({
    path: o.instead ?? 'services/dialer/src/main.ts',
    logFile: join(logs, `dialer-${n + 1}.log`),
    variables: {
      ...common,
      DATABASE_URL: databaseUrl('dialer'),
      METRICS_PORT: String(port),
      EXOTEL_REQUESTS_PER_MINUTE: String(o.requestsPerMinute),
      DIAL_TIMEOUT_MS: String(timing.dialTimeoutMs),
      RECONCILE_AFTER_MS: String(timing.reconcileAfterMs),
      RECONCILE_GRACE_MS: String(timing.reconcileGraceMs),
      CALL_POLL_AFTER_MS: String(timing.callPollAfterMs),
    },
  })
  o.onProgress(`starting the simulator, the gateway and ${o.dialers} dialers`)
  let running: Running = startProgram(gateway)
  stack.defer(() => running[Symbol.asyncDispose]())
  const dialers = stack.use(
    startFleet(metrics.map(dialer), { providerPort: simulatorPort, metricsPorts: metrics }),
  )
  const simulatorUrl = `http://${exotelHost}`
  await answers(`${simulatorUrl}/healthz`)
  await answers(`${gatewayUrl}/readyz`)
  for (const port of metrics) await answers(`http://127.0.0.1:${port}/readyz`)
  const kept = stack.move()
  return {
    ...{ gatewayUrl, simulatorUrl, exotelHost, postgres, redis, dialers },
    truthFile: join(simulatorDir, 'log.jsonl'),
    async killGateway() {
      await running.kill()
      running = startProgram(gateway)
      const started = running
      await answers(`${gatewayUrl}/healthz`, () => started.ended())
    },
    async isUp() {
      const gatewayAnswers = await ask('GET', `${gatewayUrl}/healthz`).then(
        ({ status }) => status === 200,
        () => false,
      )
      return gatewayAnswers && dialers.isAtWork()
    },
    keepUp() {
      dialers.revive()
      if (running.ended()) running = startProgram(gateway)
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

/** Waits until it answers, or until `ended`. */
async function answers(url: string, ended = (): boolean => false): Promise<void> {
  const until = performance.now() + readyBoundMs
  for (;;) {
    const status = await ask('GET', url).then(
      (answer) => answer.status,
      () => 0,
    )
    if (status === 200 || ended()) return
    if (performance.now() > until) throw new Error(`${url} did not come up (last ${status})`)
    await sleep(lookEveryMs)
  }
}
