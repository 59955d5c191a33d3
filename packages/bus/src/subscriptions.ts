import { errorFields, type Logger } from '@callwire/runtime'
import type { Redis } from 'ioredis'

export type ChannelListener = (message: string) => void

export type Subscriptions = {
  /**
   * Listens on a channel; the promise resolves once Redis has confirmed, or after 2 s when Redis
   * is away: then the channel is taken up with the connection, and `onLost` tells so. Calling
   * the result ends the listening; the channel is left with its last listener.
   */
  listen(channel: string, listener: ChannelListener): Promise<() => Promise<void>>
  /** Called after an interruption, once every channel is subscribed again: messages were missed. */
  onLost(listener: () => void): () => void
  close(): void
}

/** A subscription that is silent for so long is asked whether it is alive. */
const pingEveryMs = 5_000
/** Whoever subscribes while Redis is away has other ways to catch up and is not kept waiting. */
const takeUpTimeoutMs = 2_000

export function createSubscriptions(redis: Redis, log: Logger): Subscriptions {
  const channels = new Map<string, Set<ChannelListener>>()
  const lostListeners = new Set<() => void>()
  let interrupted = false
  let up = false
  let takenUp = Promise.withResolvers<undefined>()

  redis.on('message', (channel: string, message: string) => {
    for (const listener of [...(channels.get(channel) ?? [])]) {
      safely(log, () => listener(message))
    }
  })
  redis.on('close', () => {
    interrupted = true
    if (up) takenUp = Promise.withResolvers()
    up = false
  })
  redis.on('ready', () => {
    void takeUp()
  })
  // No offline queue: a first connection that fails is retried and ends in `ready`.
  redis.connect().catch(() => undefined)
  const pinger = setInterval(() => {
    if (redis.status === 'ready') redis.ping().catch(() => undefined)
  }, pingEveryMs)
  pinger.unref()

  async function takeUp(): Promise<void> {
    const wasInterrupted = interrupted
    if (channels.size > 0) {
      if (!(await subscribe(...channels.keys()))) return
    }
    up = true
    takenUp.resolve(undefined)
    if (!wasInterrupted) return
    interrupted = false
    for (const listener of [...lostListeners]) safely(log, listener)
  }

  async function subscribe(...names: string[]): Promise<boolean> {
    try {
      await redis.subscribe(...names)
      return true
    } catch (error) {
      log.debug(errorFields(error), 'subscribing failed')
      // A half-subscribed connection would look healthy and hear nothing: take all up anew.
      if (redis.status === 'ready') redis.disconnect(true)
      return false
    }
  }

  return {
    listen: async (channel, listener) => {
      const listeners = channels.get(channel)
      // The subscription of an earlier listener may still be under way: asking again is harmless
      // and its answer says when both hear.
      if (listeners === undefined) channels.set(channel, new Set([listener]))
      else listeners.add(listener)
      if (redis.status === 'ready') await subscribe(channel)
      else await within(takeUpTimeoutMs, takenUp.promise)
      return async () => {
        const remaining = channels.get(channel)
        if (remaining?.delete(listener) !== true || remaining.size > 0) return
        channels.delete(channel)
        await redis.unsubscribe(channel).catch(() => undefined)
      }
    },
    onLost: (listener) => {
      lostListeners.add(listener)
      return () => lostListeners.delete(listener)
    },
    close: () => {
      clearInterval(pinger)
      channels.clear()
      redis.disconnect()
    },
  }
}

async function within(ms: number, work: Promise<undefined>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  const timer = setTimeout(() => resolve(undefined), ms)
  await Promise.race([work, promise])
  clearTimeout(timer)
}

function safely(log: Logger, work: () => void): void {
  try {
    work()
  } catch (error) {
    log.error(errorFields(error), 'subscription listener failed')
  }
}
