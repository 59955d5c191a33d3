import { randomBytes } from 'node:crypto'

/** Letters no hexadecimal number has: captured ids end in them, and a client that demands hex must notice. */
const TAILS = ['bl', 'al', '8p', 'kq', 'xv', 'zt']

/** A 32-character id, mostly hex, that ends in a letter which is not. */
export function makeSid(random: (bytes: number) => Buffer = randomBytes): string {
  const bytes = random(17)
  const tail = TAILS[(bytes[16] ?? 0) % TAILS.length] ?? 'bl'
  return bytes.subarray(0, 16).toString('hex').slice(0, 30) + tail
}
