import type { RedisOptions } from 'ioredis'

/** Without the option whose mere possibility of being undefined its own constructor refuses. */
export type ConnectionOptions = Omit<RedisOptions, 'replyMapping'>

/** How long one command may take; a caller that waits longer has lost its own deadline. */
const commandTimeoutMs = 2_000
/** A socket on which a command got no answer for so long is dead: reconnect. */
const socketTimeoutMs = 5_000
const workerSocketTimeoutMs = 20_000
const connectTimeoutMs = 5_000
/** Ceiling of the pause between reconnects: Redis restarts in about a second. */
const longestRetryMs = 1_000

const shared = (connectionName: string): ConnectionOptions => ({
  connectionName,
  // Replies as arrays of arrays: what the stream and queue code reads.
  protocol: 2,
  lazyConnect: true,
  connectTimeout: connectTimeoutMs,
  autoResubscribe: false,
  retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 10), longestRetryMs),
})

/** For commands: while Redis is away they fail at once, so that nothing queues up in memory. */
export function commandOptions(connectionName: string): ConnectionOptions {
  return {
    ...shared(connectionName),
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    commandTimeout: commandTimeoutMs,
    socketTimeout: socketTimeoutMs,
  }
}

/**
 * For what is sent in one go: as for commands, but without a timer for each, and without sending
 * again by itself: who sends keeps the order.
 */
export function batchOptions(connectionName: string): ConnectionOptions {
  return {
    ...shared(connectionName),
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    socketTimeout: socketTimeoutMs,
  }
}

/** For subscriptions: reconnects for ever; a ping now and then finds a dead socket. */
export function subscriberOptions(connectionName: string): ConnectionOptions {
  return { ...commandOptions(connectionName), maxRetriesPerRequest: null }
}

/**
 * For workers: waits for Redis to come back. Their longest blocking read is 10 s (BullMQ): a socket
 * silent for longer is dead.
 */
export function workerOptions(connectionName: string): ConnectionOptions {
  return {
    ...shared(connectionName),
    enableOfflineQueue: true,
    maxRetriesPerRequest: null,
    socketTimeout: workerSocketTimeoutMs,
  }
}
