import { Redis } from 'ioredis'
import type { Sink } from './needles.ts'

/** Every key of every type, with its value, as bytes. */
export async function redisSinks(url: string): Promise<Sink[]> {
  const redis = new Redis(url)
  try {
    const sinks: Sink[] = []
    for await (const keys of redis.scanBufferStream({ count: 500 })) {
      for (const key of keys as Buffer[]) {
        const bytes = Buffer.concat([key, Buffer.from(' '), flat(await valueOf(redis, key))])
        sinks.push({ name: `redis ${key.toString()}`, bytes })
      }
    }
    return sinks
  } finally {
    redis.disconnect()
  }
}

async function valueOf(redis: Redis, key: Buffer): Promise<unknown> {
  switch (await redis.type(key)) {
    case 'string':
      return redis.getBuffer(key)
    case 'hash':
      return Object.entries(await redis.hgetallBuffer(key))
    case 'list':
      return redis.lrangeBuffer(key, 0, -1)
    case 'set':
      return redis.smembersBuffer(key)
    case 'zset':
      return redis.zrangeBuffer(key, '0', '-1', 'WITHSCORES')
    case 'stream':
      return redis.xrangeBuffer(key, '-', '+')
    case 'none':
      // It was there when the walk began.
      return null
    default:
      throw new Error('a type of key that nobody reads here')
  }
}

/** Whatever a reply is made of, one after the other. */
function flat(value: unknown): Buffer {
  if (value === null) return Buffer.alloc(0)
  if (Buffer.isBuffer(value)) return value
  if (Array.isArray(value)) return Buffer.concat(value.flatMap((item) => [flat(item), SPACE]))
  if (typeof value !== 'string') throw new Error('a reply that nobody reads here')
  return Buffer.from(value)
}

const SPACE = Buffer.from(' ')

/**
 * Everything anybody sends to Redis from now on, keys that live for a moment and publications among it: what the
 * server itself tells a monitor.
 */
export async function watchRedis(url: string): Promise<AsyncDisposable & { sink(): Sink }> {
  const redis = new Redis(url)
  const monitor = await redis.monitor()
  const said: string[] = []
  monitor.on('monitor', (_time: string, args: string[]) => said.push(args.join(' ')))
  return {
    sink: () => ({ name: 'redis, as it was spoken to', bytes: Buffer.from(said.join('\n')) }),
    [Symbol.asyncDispose]() {
      monitor.disconnect()
      redis.disconnect()
      return Promise.resolve()
    },
  }
}
