import type { Redis } from 'ioredis'

/**
 * Has the commands of one go of the event loop leave in one piece, on this connection and on those
 * that replace it: each piece costs a call of the kernel here and a wake-up of Redis there.
 */
export function coalesceWrites(redis: Redis): void {
  redis.on('connect', () => {
    const { stream } = redis as { stream?: Redis['stream'] }
    if (stream === undefined) return
    const write = stream.write.bind(stream) as (...o: unknown[]) => boolean
    let isHeld = false
    stream.write = (...o: unknown[]) => {
      if (!isHeld) {
        isHeld = true
        stream.cork()
        process.nextTick(() => {
          isHeld = false
          stream.uncork()
        })
      }
      return write(...o)
    }
  })
}
