import { connectRedis, requireNoEviction } from '@callwire/bus'
import type { ServiceKeys } from '@callwire/crypto'
import { migrateDatabase } from '@callwire/db'
import { absoluteRecordingsUrl } from '@callwire/recordings'
import { AppError, type Clock, type Logger } from '@callwire/runtime'

import type { LauncherConfig } from './config.ts'
import type { Console } from './console.ts'
import type { DataDir } from './data-dir.ts'
import { databasePasswords, databaseUrlOf } from './database-logins.ts'
import { requireSingleTenant } from './exotel-fallback.ts'
import { generatedToken, keptSecret } from './kept-secret.ts'
import { logTarget } from './log-target.ts'
import { openMasterKeys } from './master-keys.ts'
import { decidePlaces, loopback, reachable, type Places } from './places.ts'
import { migrated } from './migrated.ts'
import { ringFile } from './ring-files.ts'
import { removeRunFile, writeRunFile } from './run-file.ts'
import { serviceEnvironment } from './service-environment.ts'
import { startService } from './service-process.ts'
import type { Service } from './services.ts'
import { openStores } from './stores.ts'
import { supervise, type Supervised } from './supervise.ts'
import { waitReady } from './wait-ready.ts'

/** A folder of the data directory. */
const recordingsDefault = 'file:recordings'

export type SystemDeps = {
  readonly config: LauncherConfig
  readonly dataDir: DataDir
  readonly services: readonly Service[]
  readonly clock: Clock
  readonly log: Logger
  readonly console: Console
  readonly signal: AbortSignal
  /** What a mode sets over what a person did, once ports are known. */
  readonly overrides: (places: Places) => Partial<Record<string, string>>
  /** The simulator's own environment. */
  readonly simulator: (places: Places) => Record<string, string>
  /** Runs while services come up, with the migrated database: makes tenants. */
  readonly seed: (migratorUrl: string) => Promise<void>
}

export type System = AsyncDisposable & {
  readonly places: Places
  readonly urls: { readonly gateway: string; readonly ingest: string; readonly copilot: string }
}

/** Services on a small machine start one after the other at about a second each, on a busy one at several. */
const readyBoundMs = 120_000
/** A service that dies this often before it ever was ready will not come up. */
const hopelessDeaths = 3

/** Brings everything up and waits until all of it answers. What was started is stopped again when a step fails. */
export async function startSystem(deps: SystemDeps): Promise<System> {
  const stack = new AsyncDisposableStack()
  try {
    return await bringUp(deps, stack)
  } catch (error) {
    await stack.disposeAsync()
    throw error
  }
}

async function bringUp(deps: SystemDeps, stack: AsyncDisposableStack): Promise<System> {
  const { config, dataDir, clock, log, console, signal } = deps
  const places = await decidePlaces(config, deps.services)
  const onProgress = (line: string): void => console.progress(line)
  const processes = new Map<string, Supervised>()
  let writeRun = (): void => undefined
  const onChange = (): void => writeRun()

  const keyDeps = { config, dataDir: dataDir.path, clock, log, console, signal }
  const masterKeys = await openMasterKeys(keyDeps)

  console.progress('starting PostgreSQL and Redis')
  const stores = {
    config,
    dataDir: dataDir.path,
    clock,
    log,
    onProgress,
    onChange,
  }
  const { postgres, redis } = await openStores(stores, (name, process) => {
    processes.set(name, process)
    stack.defer(async () => process.stop())
  })
  console.progress('preparing the database')
  const passwords = databasePasswords(config, dataDir.path)
  await requireUsableRedis(redis.url, log)
  await migrated(
    () => migrateDatabase({ url: postgres.url, passwords, onProgress }),
    config.databaseUrl !== undefined,
  )
  signal.throwIfAborted()
  await masterKeys.requireComplete(postgres.url)
  const loginUrlOf = (service: string): string =>
    databaseUrlOf(config, postgres.url, passwords, service)
  if (config.given.EXOTEL_GLOBAL_FALLBACK === 'true') {
    await requireSingleTenant(loginUrlOf('gateway'))
  }

  const host = reachable(places.host)
  const urls = {
    gateway: `http://${host}:${places.gateway}`,
    ingest: `ws://${host}:${places.ingest}`,
    copilot: `ws://${host}:${places.copilot}`,
  }
  writeRun = () => {
    const pids = { launcher: process.pid, ...pidsOf(processes) }
    writeRunFile(dataDir.path, {
      gatewayUrl: urls.gateway,
      ingestUrl: urls.ingest,
      copilotUrl: urls.copilot,
      databaseUrl: postgres.url,
      redisUrl: redis.url,
      ...(places.simulator === null
        ? {}
        : { simulatorUrl: `http://${loopback}:${places.simulator}` }),
      keysFile: masterKeys.file,
      pids,
    })
  }
  stack.defer(() => {
    writeRun = () => undefined
    removeRunFile(dataDir.path)
  })

  console.progress('starting services')
  const logs = logTarget(dataDir.logs, console.forPerson)
  stack.defer(() => logs.close())
  // Ends after the services: an answer that a key service owes us must not hold them up.
  stack.use(masterKeys.handOut({ migratorUrl: postgres.url, services: deps.services }))
  const input = {
    config,
    places,
    ringFile: (service: Service, name: keyof ServiceKeys) => ringFile(dataDir.path, service, name),
    jwtSecret: config.jwtSecret ?? keptSecret(dataDir.path, 'JWT_SECRET', generatedToken),
    redisUrl: redis.url,
    databaseUrlOf: loginUrlOf,
    overrides: {
      ...publicDefaults(config, urls.gateway),
      RECORDINGS_URL: absoluteRecordingsUrl(
        config.given.RECORDINGS_URL ?? recordingsDefault,
        dataDir.path,
      ),
      ...deps.overrides(places),
    },
    simulator: deps.simulator(places),
  }
  let isUp = false
  const started = await Promise.all(
    deps.services.map(async (service) => {
      const env = serviceEnvironment(service, input)
      const process = await supervise({
        name: service,
        start: async () => startService(service, env, logs.fdFor(service)),
        clock,
        log,
        onChange,
        // While the system comes up, the whole start fails with these words.
        onMisconfigured: () => {
          if (isUp) console.progress(whyNot(service, logs))
        },
      })
      return { service, process }
    }),
  )
  for (const { service, process } of started) processes.set(service, process)
  stack.defer(async () => {
    await Promise.all(started.map(async ({ process }) => process.stop()))
  })
  writeRun()

  const seeded = deps.seed(postgres.url)
  const ready = await waitReady({
    urls: readinessUrls(urls, places),
    boundMs: readyBoundMs,
    clock,
    signal,
    giveUp: () => hopeless(started, logs),
  })
  await seeded
  if (ready.kind === 'not_ready') {
    throw new AppError({
      code: 'not_ready',
      message: `The system did not come up: ${ready.why}`,
      level: 'fatal',
    })
  }
  isUp = true
  return { places, urls, [Symbol.asyncDispose]: async () => stack.disposeAsync() }
}

/** Every service is told the same public address, and browsers of that address are let in. */
function publicDefaults(config: LauncherConfig, gatewayUrl: string): Record<string, string> {
  const publicUrl = config.given.PUBLIC_URL ?? gatewayUrl
  return {
    PUBLIC_URL: publicUrl,
    ALLOWED_ORIGINS: config.given.ALLOWED_ORIGINS ?? new URL(publicUrl).origin,
  }
}

/** Refuses a Redis that evicts or is too old, before anything relies on it. */
async function requireUsableRedis(url: string, log: Logger): Promise<void> {
  const connection = await connectRedis({ url, name: 'launcher', log })
  try {
    await requireNoEviction(connection)
  } finally {
    await connection[Symbol.asyncDispose]()
  }
}

function pidsOf(processes: ReadonlyMap<string, Supervised>): Record<string, number> {
  const pids: Record<string, number> = {}
  for (const [name, supervised] of processes) {
    const pid = supervised.pid()
    if (pid !== null) pids[name] = pid
  }
  return pids
}

function readinessUrls(urls: System['urls'], places: Places): string[] {
  const plain = (url: string): string => url.replace(/^ws/, 'http')
  return [
    `${urls.gateway}/readyz`,
    `${plain(urls.ingest)}/readyz`,
    `${plain(urls.copilot)}/readyz`,
    ...(places.simulator === null
      ? []
      : [`http://${loopback}:${places.metrics['exotel-simulator']}/readyz`]),
  ]
}

function hopeless(
  started: readonly { service: Service; process: Supervised }[],
  logs: ReturnType<typeof logTarget>,
): string | null {
  const dead = started.find(
    ({ process }) => process.misconfigured() || process.deaths() >= hopelessDeaths,
  )
  return dead === undefined ? null : whyNot(dead.service, logs)
}

function whyNot(service: Service, logs: ReturnType<typeof logTarget>): string {
  const words = logs.lastWords(service)
  return words === ''
    ? `${service} does not start; see ${logs.described}.`
    : `${service} does not start (${words})`
}
