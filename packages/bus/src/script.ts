import { createHash } from 'node:crypto'
import type { BusConnection } from './connection.ts'

/** Runs a Lua script by its hash, and sends its text only to a Redis that does not know it. */
export function createScript(
  conn: BusConnection,
  lua: string,
): (keys: readonly string[], args: readonly (string | number)[]) => Promise<unknown> {
  const sha = createHash('sha1').update(lua).digest('hex')
  return async (keys, args) => {
    try {
      return await conn.command.evalsha(sha, keys.length, ...keys, ...args)
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
      return conn.command.eval(lua, keys.length, ...keys, ...args)
    }
  }
}
