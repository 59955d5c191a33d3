import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import type { Stores } from '../dial/stores.ts'
import type { Drive } from './load/commands.ts'
import type { Side } from './side.ts'

const FRAMES_A_BLOCK = 5
/** A block that is not full is handed on after 200 ms without audio. */
const FLUSHED_MS = 400
const ARRIVES_WITHIN_MS = 5_000
const LOOK_MS = 100
const patterns = { callwire: 'audio:{*', floor: 'floor:*' } as const

/** What the sides have put into Redis. */
export type Shelf = AsyncDisposable & {
  /** How many of the blocks of a turn have not arrived; takes the others off. */
  missing(side: Side, drive: Drive): Promise<number>
  clear(side: Side): Promise<void>
}

export function openShelf(stores: Stores): Shelf {
  const redis = new Redis(stores.redisUrl, { enableAutoPipelining: true })
  const keysOf = async (side: Side) => {
    const keys: string[] = []
    let cursor = '0'
    do {
      const [next, some] = await redis.scan(cursor, 'MATCH', patterns[side.name], 'COUNT', 1_000)
      keys.push(...some)
      cursor = next
    } while (cursor !== '0')
    return keys
  }
  const lengths = async (keys: readonly string[]) => {
    const all = await Promise.all(keys.map((key) => redis.xlen(key)))
    return all.reduce((sum, length) => sum + length, 0)
  }
  // What a turn leaves: the newest entry of each stream, as an acknowledgement does.
  const trim = async (keys: readonly string[]) => {
    await Promise.all(keys.map((key) => redis.xtrim(key, 'MAXLEN', 1)))
    return lengths(keys)
  }
  const left = new Map<string, number>()
  return {
    async missing(side, drive) {
      // The floor keeps what does not fill a block.
      const isWhole = side.name === 'callwire'
      const expected = blocksOf(drive, isWhole)
      const until = performance.now() + ARRIVES_WITHIN_MS
      await sleep(FLUSHED_MS)
      const keys = await keysOf(side)
      const arrived = async () => (await lengths(keys)) - (left.get(side.name) ?? 0)
      while ((await arrived()) < expected && performance.now() < until) await sleep(LOOK_MS)
      const missing = Math.max(0, expected - (await arrived()))
      left.set(side.name, await trim(keys))
      return missing
    },
    async clear(side) {
      const keys = await keysOf(side)
      await Promise.all(keys.map((key) => redis.unlink(key)))
      left.set(side.name, 0)
    },
    [Symbol.asyncDispose]: () => {
      redis.disconnect()
      return Promise.resolve()
    },
  }
}

/** The frames of a drive go round the streams, so that each has as many as another or one more. */
function blocksOf({ sent, streams }: Drive, isWhole: boolean): number {
  const each = Math.floor(sent / streams)
  const withMore = sent % streams
  const blocks = (frames: number) =>
    isWhole ? Math.ceil(frames / FRAMES_A_BLOCK) : Math.floor(frames / FRAMES_A_BLOCK)
  return withMore * blocks(each + 1) + (streams - withMore) * blocks(each)
}
