import { ringOf } from '../canary.ts'
import { secretsOf } from '../search/machine.ts'

/** What somebody has who took over a process: all of its environment, and every file that it names. */
export type Loot = {
  variables: Readonly<Record<string, string>>
  /** Everything in it that could be a key of 32 bytes, wherever it begins and however it is written. */
  keys: Buffer[]
  /** Those of them that lie in a ring's entries, wherever they begin. */
  ringKeys: Buffer[]
  /** The two halves of ring entries: what such an entry is made of is public. */
  halves: Buffer[]
}

const KEY_BYTES = 32

export function lootOf(pid: number): Loot {
  const variables = secretsOf(pid)
  const values = Object.values(variables)
  const parts = values.flatMap((value) => [value, ...value.split(/[\s,:@/?&=]+/)])
  const readings = parts.flatMap((part) => [
    Buffer.from(part),
    Buffer.from(part, 'base64'),
    Buffer.from(part, 'base64url'),
    Buffer.from(part, 'hex'),
  ])
  const entries = Object.entries(variables)
    .filter(([name]) => name.endsWith('_KEYS'))
    .flatMap(([, text]) => ringOf(text).map(({ key }) => key))
  return {
    variables,
    keys: distinct(readings.flatMap(windowsOf)),
    ringKeys: distinct(entries.flatMap(windowsOf)),
    halves: distinct(
      entries.flatMap((key) => [key.subarray(0, KEY_BYTES), key.subarray(-KEY_BYTES)]),
    ),
  }
}

function windowsOf(bytes: Buffer): Buffer[] {
  const count = Math.max(0, bytes.length - KEY_BYTES + 1)
  return Array.from({ length: count }, (_, at) => bytes.subarray(at, at + KEY_BYTES))
}

function distinct(buffers: readonly Buffer[]): Buffer[] {
  return [...new Map(buffers.map((bytes) => [bytes.toString('hex'), bytes])).values()]
}

/** Its rings, as they are written. */
export const rings = (loot: Loot): string[] =>
  Object.entries(loot.variables)
    .filter(([name]) => name.endsWith('_KEYS'))
    .map(([, text]) => text.trim())
