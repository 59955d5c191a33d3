import {
  connectRedis,
  createAudioStreams,
  createDoorbell,
  createLeases,
  requireNoEviction,
  work,
} from '@callwire/bus'
import { randomToken } from '@callwire/crypto'
import { connectDatabase } from '@callwire/db'
import { measureHeldKeys, watchKeys } from '@callwire/keyring'
import { createLedger } from '@callwire/ledger'
import {
  createHealth,
  createMetrics,
  every,
  serveMetrics,
  systemClock as clock,
  systemRandom as random,
  type Logger,
} from '@callwire/runtime'
import type { Config } from './config.ts'
import { findCalls } from './find-calls.ts'
import { providersNamed } from './providers.ts'
import { createSessions, MAX_SESSIONS } from './sessions.ts'
import { times as usualTimes, type Times } from './times.ts'

/** Everything the transcriber is made of, disposed in reverse. */
export async function createTranscriber(
  config: Config,
  { signal, log }: { signal: AbortSignal; log: Logger },
  times: Times = usualTimes,
): Promise<AsyncDisposable> {
  const providers = providersNamed(config.providers)
  if (providers.length === 0) log.warn('no speech provider is configured: words become gaps')
  await using stack = new AsyncDisposableStack()

  const database = await connectDatabase({
    url: config.databaseUrl,
    applicationName: 'transcriber',
  })
  stack.defer(() => database.close())
  const keyWatch = stack.use(
    await watchKeys({
      keys: database.keys,
      service: 'transcriber',
      rings: config.rings,
      ...{ clock, random, log, signal },
    }),
  )
  const redis = stack.use(await connectRedis({ url: config.redisUrl, name: 'transcriber', log }))
  await requireNoEviction(redis)
  const doorbell = createDoorbell(redis)
  const ledger = createLedger({ database, doorbell, clock, random, log })
  const audio = stack.use(createAudioStreams(redis))
  const leases = createLeases(redis)
  const owner = `transcriber-${randomToken(12)}`

  const sessions = stack.use(
    createSessions({
      database,
      ledger,
      doorbell,
      audio,
      leases,
      providers,
      contentRing: config.contentRing,
      owner,
      times,
      clock,
      random,
      log,
    }),
  )
  const metrics = createMetrics()
  measureHeldKeys(metrics, keyWatch)
  const health = createHealth({
    database: () => database.ping(),
    redis: () => redis.ping(),
    keys: () => keyWatch.check(),
  })
  stack.use(
    await serveMetrics({ metrics, host: config.host, port: config.metricsPort, log, health }),
  )
  stack.use(
    work(redis, 'transcribe', (job) => sessions.wake(job), { concurrency: MAX_SESSIONS, log }),
  )
  stack.use(
    every(times.findMs, () => findCalls(database, sessions), {
      clock,
      signal,
      log,
      name: 'find calls',
    }),
  )
  return stack.move()
}
