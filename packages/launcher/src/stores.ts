import { AppError, type Clock, type Logger } from '@callwire/runtime'
import {
  findRedis,
  StoresError,
  startPostgres,
  startRedis,
  type RedisProgram,
} from '@callwire/stores'

import type { LauncherConfig } from './config.ts'
import { supervise, type Supervised } from './supervise.ts'

/** One store: somebody else's, or our own, which is started again when it dies. */
export type Store = {
  /** Secret. */
  readonly url: string
  /** Null for a store that is not ours. */
  readonly process: Supervised | null
}

type StoreDeps = {
  readonly config: Pick<LauncherConfig, 'databaseUrl' | 'redisUrl'>
  readonly dataDir: string
  readonly clock: Clock
  readonly log: Logger
  readonly onProgress: (line: string) => void
  readonly onChange: () => void
}

type Server = Awaited<ReturnType<typeof startPostgres>>

/** PostgreSQL: the given one, or one embedded in the data directory. */
async function openPostgres(deps: StoreDeps): Promise<Store> {
  const { databaseUrl } = deps.config
  if (databaseUrl !== undefined) return { url: databaseUrl, process: null }
  const { dataDir, onProgress } = deps
  return embedded('postgres', deps, async (port) =>
    startPostgres({ dataDir, onProgress, ...(port === undefined ? {} : { port }) }),
  )
}

/** Redis: the given one, or one of ours. */
async function openRedis(deps: StoreDeps): Promise<Store> {
  const { redisUrl } = deps.config
  if (redisUrl !== undefined) return { url: redisUrl, process: null }
  const { dataDir, onProgress } = deps
  // Looked for once: a restart has to be quick.
  let program: RedisProgram | undefined
  return embedded('redis', deps, async (port) => {
    program ??= await findRedis({ onProgress })
    return startRedis({ dataDir, program, onProgress, ...(port === undefined ? {} : { port }) })
  })
}

/** The port is chosen once: services know the store by it, also after it was started again. */
async function embedded(
  name: string,
  deps: StoreDeps,
  start: (port: number | undefined) => Promise<Server>,
): Promise<Store> {
  try {
    const first = await start(undefined)
    let next: Server | null = first
    const process = await supervise({
      name,
      clock: deps.clock,
      log: deps.log,
      onChange: deps.onChange,
      start: async () => {
        const server = next ?? (await start(first.port))
        next = null
        return server
      },
    })
    return { url: first.url, process }
  } catch (error) {
    if (!(error instanceof StoresError)) throw error
    throw new AppError({ code: error.code, message: error.message, level: 'fatal' })
  }
}

/** Opens both at once. `keep` is told of each process of ours as soon as it runs, also when the other store fails. */
export async function openStores(
  deps: StoreDeps,
  keep: (name: string, process: Supervised) => void,
): Promise<{ postgres: Store; redis: Store }> {
  const [postgres, redis] = await Promise.allSettled([openPostgres(deps), openRedis(deps)])
  for (const [name, result] of [
    ['postgres', postgres],
    ['redis', redis],
  ] as const) {
    if (result.status === 'fulfilled' && result.value.process !== null)
      keep(name, result.value.process)
  }
  if (postgres.status === 'rejected') throw postgres.reason
  if (redis.status === 'rejected') throw redis.reason
  return { postgres: postgres.value, redis: redis.value }
}
