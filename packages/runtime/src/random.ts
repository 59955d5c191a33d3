import { randomBytes } from 'node:crypto'

/** A source of `bytes` unpredictable bytes. */
export type Random = (bytes: number) => Buffer

export const systemRandom: Random = (bytes) => randomBytes(bytes)

/** A number in [0, 1) with 32 bits of the given randomness. */
export function randomFraction(random: Random): number {
  return random(4).readUInt32BE(0) / 2 ** 32
}
