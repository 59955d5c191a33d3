import type { Constellation } from '../constellation.ts'
import { commandLineSinks, environmentOf, fileSinks } from './machine.ts'
import { textSink, type Sink } from './needles.ts'
import { postgresSinks } from './postgres.ts'
import { redisSinks } from './redis.ts'

/** Everything that a system has written by now, wherever it may write. */
export async function everywhere(system: Constellation): Promise<Sink[]> {
  const { redisUrl, databaseUrl } = system.runFile()
  return [
    textSink('output of every process', system.output()),
    ...(await redisSinks(redisUrl)),
    ...(await postgresSinks(databaseUrl)),
    ...fileSinks(system.dataDir),
    ...commandLineSinks(),
  ]
}

/** Where its processes tell their figures. */
export function metricsUrls(system: Constellation): string[] {
  return Object.values(system.runFile().pids).flatMap((pid) => {
    const port = environmentOf(pid)['METRICS_PORT'] ?? '0'
    return port === '0' ? [] : [`http://127.0.0.1:${port}`]
  })
}
