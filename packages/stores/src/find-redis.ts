import { fileURLToPath } from 'node:url'

import { searchPath } from './config.ts'
import { StoresError } from './error.ts'
import { redisFromDebian } from './redis-debian.ts'
import { redisFromSource, redisInDocker, redisOnPath, type Found } from './redis-elsewhere.ts'
import type { RedisProgram } from './redis-program.ts'

export type FindRedisOptions = {
  /** The PATH to look on. Default: this process's. */
  readonly path?: string
  /** Where fetched programs are kept between runs. Default `.tools/` at the root of the repository. */
  readonly toolsDir?: string
  readonly onProgress?: (line: string) => void
}

const defaultToolsDir = fileURLToPath(new URL('../../../.tools', import.meta.url))

/**
 * A Redis (or Valkey) server of at least 7.0: on the PATH, from Debian's packages, in Docker, or built from source,
 * in this order. Throws StoresError `redis_unavailable` with the ways out when there is none.
 */
export async function findRedis(options: FindRedisOptions): Promise<RedisProgram> {
  const onProgress = options.onProgress ?? ((): void => undefined)
  const toolsDir = options.toolsDir ?? defaultToolsDir
  return firstOf([
    () => redisOnPath(options.path ?? searchPath()),
    () => redisFromDebian(toolsDir, onProgress),
    () => redisInDocker(),
    () => redisFromSource(toolsDir, onProgress),
  ])
}

/** Tries each way in turn; the sentence of the error tells why none worked. */
export async function firstOf(ways: readonly (() => Promise<Found>)[]): Promise<RedisProgram> {
  const reasons: string[] = []
  for (const way of ways) {
    const found = await way()
    if (found.kind === 'found') return found.program
    reasons.push(found.why)
  }
  throw new StoresError(
    'redis_unavailable',
    `No Redis 7.0 or later was found (${reasons.join('; ')}): install redis-server or valkey-server, start Docker, or set REDIS_URL.`,
  )
}
