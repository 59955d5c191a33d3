import { createTokens } from '@callwire/accounts'
import {
  connectRedis,
  createAudioStreams,
  createDoorbell,
  createQueues,
  requireNoEviction,
} from '@callwire/bus'
import { connectDatabase } from '@callwire/db'
import { measureHeldKeys, watchKeys } from '@callwire/keyring'
import { createLedger } from '@callwire/ledger'
import { systemClock, systemRandom, type Logger } from '@callwire/runtime'
import type { Config } from './config.ts'
import { createIngestMetrics } from './metrics.ts'

export type IngestContext = Awaited<ReturnType<typeof createContext>>

/** Everything ingest is made of, connected. @throws DbError, BusError, KeyringError */
export async function createContext(
  config: Config,
  { log, signal }: { log: Logger; signal: AbortSignal },
) {
  const clock = systemClock
  const random = systemRandom
  await using undo = new AsyncDisposableStack()
  const database = undo.adopt(
    await connectDatabase({ url: config.databaseUrl, applicationName: 'callwire-ingest' }),
    (db) => db.close(),
  )
  const keyWatch = undo.use(
    await watchKeys({
      keys: database.keys,
      service: 'ingest',
      rings: config.rings,
      ...{ clock, random, log, signal },
    }),
  )
  const metrics = createIngestMetrics()
  measureHeldKeys(metrics.metrics, keyWatch)
  const bus = undo.use(await connectRedis({ url: config.redisUrl, name: 'ingest', log }))
  await requireNoEviction(bus)
  const queues = undo.adopt(createQueues(bus), (q) => q.close())
  const audio = undo.use(createAudioStreams(bus))
  const doorbell = createDoorbell(bus)
  const ledger = createLedger({ database, doorbell, clock, random, log })
  const held = undo.move()
  return {
    log,
    clock,
    random,
    database,
    bus,
    queues,
    audio,
    ledger,
    keyWatch,
    contentRing: config.contentRing,
    edgeRing: config.edgeRing,
    tokens: createTokens({ jwtSecret: config.jwtSecret.reveal(), clock }),
    publicUrl: config.publicUrl,
    metrics,
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  }
}
