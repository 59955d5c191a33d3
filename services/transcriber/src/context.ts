import {
  connectRedis,
  createAudioStreams,
  createDoorbell,
  createLeases,
  createQueues,
  requireNoEviction,
  work,
} from '@callwire/bus'
import { randomToken } from '@callwire/crypto'
import { connectDatabase } from '@callwire/db'
import { measureHeldKeys, watchKeys } from '@callwire/keyring'
import { createLedger } from '@callwire/ledger'
import { createRecordingStore } from '@callwire/recordings'
import {
  AppError,
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
import { createKeyPatience } from './key-patience.ts'
import { createTranscriberMetrics } from './metrics.ts'
import { providersNamed } from './providers.ts'
import { createRecorder } from './recording/recorder.ts'
import { watchStore } from './recording/watch-store.ts'
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
  const queues = createQueues(redis)
  stack.defer(() => queues.close())
  const owner = `transcriber-${randomToken(12)}`
  const metrics = createMetrics()
  measureHeldKeys(metrics, keyWatch)

  const store = config.recordings === null ? null : createRecordingStore(config.recordings)
  if (store !== null) stack.use(store)
  const storeWatch = stack.use(watchStore(store, { clock, signal, log }))
  const { contentRing } = config
  const transcriberMetrics = createTranscriberMetrics(metrics, clock)

  const sessions = createSessions({
    listen: createRecorder({
      database,
      ledger,
      audio,
      store,
      metrics: transcriberMetrics,
      contentRing,
      times,
      clock,
      random,
      log,
    }),
    database,
    ledger,
    doorbell,
    audio,
    leases,
    queues,
    providers,
    contentRing,
    owner,
    times,
    clock,
    random,
    log,
    metrics: transcriberMetrics,
    keyPatience: createKeyPatience(clock, times.keyWaitMs),
  })
  const health = createHealth(
    {
      database: () => database.ping(),
      redis: () => redis.ping(),
      keys: () => keyWatch.check(),
      calls: () => (signal.aborted ? Promise.reject(new Draining()) : Promise.resolve()),
    },
    {
      extra: () => ({
        sessions: sessions.live,
        providers: providers.map(({ id }) => id),
        // Beside the checks: words do not wait for it.
        recordings: storeWatch.state(),
      }),
    },
  )
  stack.use(
    await serveMetrics({ metrics, host: config.host, port: config.metricsPort, log, health }),
  )
  const worker = work(redis, 'transcribe', (job) => sessions.wake(job), {
    concurrency: MAX_SESSIONS,
    log,
  })
  stack.defer(() => handOver(worker, sessions))
  stack.use(
    every(times.findMs, () => findCalls({ database, leases, random }, sessions), {
      clock,
      signal,
      log,
      name: 'find calls',
    }),
  )
  return stack.move()
}

/** A queue's worker is closed in a moment, unless Redis is away: the live calls do not wait for that. */
const STOP_TAKING_MS = 500

/** First no more calls are taken, or the wake-ups for a successor would come back here; then all are given up. */
async function handOver(worker: AsyncDisposable, sessions: AsyncDisposable): Promise<void> {
  const closed = Promise.resolve(worker[Symbol.asyncDispose]())
  await Promise.race([closed, clock.sleep(STOP_TAKING_MS)])
  await sessions[Symbol.asyncDispose]()
  await closed
}

class Draining extends AppError {
  constructor() {
    super({ code: 'draining', message: 'The transcriber hands its calls over.', level: 'info' })
  }
}
