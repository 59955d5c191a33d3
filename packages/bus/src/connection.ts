import { errorFields, type Logger } from '@callwire/runtime'
import { Redis } from 'ioredis'
import { busWrite, BusError } from './bus-error.ts'
import { coalesceWrites } from './coalesce-writes.ts'
import { names } from './names.ts'
import {
  batchOptions,
  commandOptions,
  subscriberOptions,
  workerOptions,
  type ConnectionOptions,
} from './redis-options.ts'
import { createSubscriptions, type Subscriptions } from './subscriptions.ts'

/** How long a start waits for Redis: longer than its restart, shorter than a supervisor's patience. */
const firstConnectMs = 10_000

/** What a readiness check wrote is of no further use. */
const writtenForMs = 1_000

/** This process's connections to one Redis. Only this package looks inside. */
export type BusConnection = AsyncDisposable & {
  /** Fails at once while Redis is away. */
  readonly command: Redis
  /** Channel subscriptions that survive reconnects. */
  readonly subscriptions: Subscriptions
  /** A new connection for commands that are sent together; close it with `disconnect()`. */
  batching(purpose: string): Redis
  /** A new connection for one queue worker; close it with `disconnect()`. */
  worker(queue: string): Redis
  readonly log: Logger
  /**
   * Whether it answers and takes writes: a Redis that is full, read-only or cannot save still reads.
   *
   * @throws BusError `unavailable`, `refuses_writes`
   */
  ping(): Promise<void>
}

/**
 * Connects to `url` (redis:// or rediss://) under a name that shows in `CLIENT LIST`.
 *
 * @throws BusError `unavailable` when Redis does not accept us within 10 s
 */
export async function connectRedis(o: {
  url: string
  name: string
  log: Logger
}): Promise<BusConnection> {
  const open = new Set<Redis>()
  const make = (options: ConnectionOptions) => {
    const redis = new Redis(o.url, options)
    open.add(redis)
    redis.on('end', () => open.delete(redis))
    coalesceWrites(redis)
    watch(redis, o.log, options.connectionName ?? '')
    return redis
  }
  const command = make(commandOptions(`${o.name}:command`))
  try {
    await firstConnect(command)
  } catch {
    command.disconnect()
    throw new BusError('unavailable', 'Redis at REDIS_URL cannot be reached or refuses the login.')
  }
  let subscriptions: Subscriptions | undefined
  return {
    command,
    log: o.log,
    get subscriptions() {
      subscriptions ??= createSubscriptions(make(subscriberOptions(`${o.name}:subscriber`)), o.log)
      return subscriptions
    },
    batching: (purpose) => make(batchOptions(`${o.name}:${purpose}`)),
    worker: (queue) => make(workerOptions(`${o.name}:worker-${queue}`)),
    ping: async () => {
      await busWrite(() => command.set(names.canWrite(o.name), '', 'PX', writtenForMs))
    },
    [Symbol.asyncDispose]: () => {
      subscriptions?.close()
      for (const redis of open) redis.disconnect()
      open.clear()
      return Promise.resolve()
    },
  }
}

async function firstConnect(redis: Redis): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>()
  const timer = setTimeout(() => reject(new Error('timeout')), firstConnectMs)
  redis.once('ready', () => resolve(undefined))
  // The first refusal is not the end: the library goes on by its retry strategy.
  redis.connect().catch(() => undefined)
  redis.on('error', (error: Error) => {
    if (/^(WRONGPASS|NOAUTH|NOPERM|ERR (AUTH|invalid))/.test(error.message)) reject(error)
  })
  try {
    await promise
  } finally {
    clearTimeout(timer)
  }
}

/** One line when a connection is lost and one when it is back; never the library's text. */
function watch(redis: Redis, log: Logger, connection: string): void {
  let lost = false
  redis.on('error', (error: unknown) => {
    if (lost) return
    lost = true
    log.warn({ connection, ...errorFields(error) }, 'redis connection lost')
  })
  redis.on('ready', () => {
    if (lost) log.info({ connection }, 'redis connection back')
    lost = false
  })
}
