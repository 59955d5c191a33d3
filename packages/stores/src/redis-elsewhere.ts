import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

import { RedisBinary } from 'redis-memory-server'

import { probeRedis, redisFloor, type RedisProgram } from './redis-program.ts'
import { runCommand } from './run-command.ts'

export type Found =
  | { readonly kind: 'found'; readonly program: RedisProgram }
  | { readonly kind: 'unavailable'; readonly why: string }

/** `redis-server` or `valkey-server` on the PATH, when new enough. */
export async function redisOnPath(path: string): Promise<Found> {
  let why = 'no redis-server or valkey-server on the PATH'
  for (const name of ['redis-server', 'valkey-server']) {
    for (const dir of path.split(delimiter)) {
      const command = join(dir, name)
      if (dir === '' || !existsSync(command)) continue
      const probe = await probeRedis(command, {})
      if (probe.kind === 'usable') {
        return { kind: 'found', program: { kind: 'program', from: 'PATH', command, env: {} } }
      }
      if (probe.kind === 'too_old') {
        why = `${name} on the PATH is ${probe.version.join('.')}, older than ${redisFloor.join('.')}`
      }
    }
  }
  return { kind: 'unavailable', why }
}

/** An engine that is there answers at once; one that hangs is as good as none. */
const dockerBoundMs = 5_000

/** Whether a Docker engine answers. */
export async function dockerAnswers(): Promise<boolean> {
  const result = await runCommand('docker', ['version', '--format', '{{.Server.Version}}'], {
    timeoutMs: dockerBoundMs,
  })
  return result.kind === 'ok' && result.stdout.trim() !== ''
}

export async function redisInDocker(): Promise<Found> {
  return (await dockerAnswers())
    ? { kind: 'found', program: { kind: 'container', from: 'Docker', image: 'redis:7' } }
    : { kind: 'unavailable', why: 'no Docker engine answers' }
}

/** Fetching and compiling Redis takes a minute or two on a small machine. */
const buildBoundMs = 600_000

/** Redis built from source by redis-memory-server, which must reach Redis's download site and find a compiler. */
export async function redisFromSource(
  toolsDir: string,
  onProgress: (line: string) => void,
): Promise<Found> {
  onProgress('building Redis from source')
  const unavailable: Found = { kind: 'unavailable', why: 'Redis cannot be fetched and built' }
  const bound = Promise.withResolvers<null>()
  const timer = setTimeout(() => bound.resolve(null), buildBoundMs)
  try {
    const built = RedisBinary.getPath({
      version: '7.2.11',
      downloadDir: join(toolsDir, 'redis-from-source'),
      systemBinary: '',
    })
    const command = await Promise.race([built, bound.promise])
    if (command === null || (await probeRedis(command, {})).kind !== 'usable') return unavailable
    return { kind: 'found', program: { kind: 'program', from: 'source', command, env: {} } }
  } catch {
    return unavailable
  } finally {
    clearTimeout(timer)
  }
}
