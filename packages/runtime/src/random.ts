import { randomBytes, randomFillSync } from 'node:crypto'

/** A source of `bytes` unpredictable bytes. */
export type Random = (bytes: number) => Buffer

/** Drawn at once: a call of the system's generator costs the same for 9 bytes and for all of these. */
const POOL_BYTES = 4_096

/**
 * Bytes of the system's generator, drawn ahead. What is handed out is a copy and is erased here, so
 * that nobody reads it later, and never twice.
 */
export function createSystemRandom(): Random {
  const pool = Buffer.alloc(POOL_BYTES)
  let used = POOL_BYTES
  return (bytes) => {
    if (bytes > POOL_BYTES / 16) return randomBytes(bytes)
    if (used + bytes > POOL_BYTES) {
      randomFillSync(pool)
      used = 0
    }
    const taken = Buffer.from(pool.subarray(used, used + bytes))
    pool.fill(0, used, used + bytes)
    used += bytes
    return taken
  }
}

export const systemRandom: Random = createSystemRandom()

/** A number in [0, 1) with 32 bits of the given randomness. */
export function randomFraction(random: Random): number {
  return random(4).readUInt32BE(0) / 2 ** 32
}
