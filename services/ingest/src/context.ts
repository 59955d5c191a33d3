import { createTokens } from '@callwire/accounts'
import {
  connectRedis,
  createAudioStreams,
  createDoorbell,
  createQueues,
  requireNoEviction,
} from '@callwire/bus'
import { parseContentRing, parseMacRing } from '@callwire/crypto'
import { connectDatabase } from '@callwire/db'
import { createLedger } from '@callwire/ledger'
import { systemClock, systemRandom, type Logger } from '@callwire/runtime'
import type { Config } from './config.ts'
import { createIngestMetrics } from './metrics.ts'

export type IngestContext = Awaited<ReturnType<typeof createContext>>

/** Everything ingest is made of, connected. @throws DbError, BusError, CryptoError */
export async function createContext(config: Config, log: Logger) {
  const clock = systemClock
  const random = systemRandom
  await using undo = new AsyncDisposableStack()
  const database = undo.adopt(
    await connectDatabase({ url: config.databaseUrl, applicationName: 'callwire-ingest' }),
    (db) => db.close(),
  )
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
    contentRing: parseContentRing(config.contentKeys.reveal()),
    edgeRing: parseMacRing(config.edgeKeys.reveal()),
    tokens: createTokens({ jwtSecret: config.jwtSecret.reveal(), clock }),
    publicUrl: config.publicUrl,
    metrics: createIngestMetrics(),
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  }
}
