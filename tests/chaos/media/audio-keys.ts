import { Redis } from 'ioredis'

/** Audio that lies in Redis, and streams that would lie there for ever. */
export async function countAudioStreams(
  url: string,
): Promise<{ entries: number; immortal: number }> {
  const redis = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 1 })
  redis.on('error', () => undefined)
  try {
    await redis.connect()
    const keys = await redis.keys('audio:*')
    const counts = { entries: 0, immortal: 0 }
    for (const key of keys) {
      counts.entries += await redis.xlen(key)
      if ((await redis.pttl(key)) < 0) counts.immortal += 1
    }
    return counts
  } finally {
    redis.disconnect()
  }
}
