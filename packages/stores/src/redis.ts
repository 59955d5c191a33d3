import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'

import { dockerEnvironment } from './config.ts'
import { StoresError } from './error.ts'
import { findRedis } from './find-redis.ts'
import { freePort } from './free-port.ts'
import type { GuardSpec } from './guard-spec.ts'
import { endLeftover } from './leftover-process.ts'
import { redisConfig } from './redis-config.ts'
import { redisAnswers } from './redis-ping.ts'
import type { RedisProgram } from './redis-program.ts'
import { startGuarded, type Exit, type Guarded } from './start-guarded.ts'

export type StartRedisOptions = {
  readonly dataDir: string
  /** Default: any free port. */
  readonly port?: number
  /** Default: generated once and kept in the data directory. */
  readonly password?: string
  /** Default: found as `findRedis` does. */
  readonly program?: RedisProgram
  /** The PATH to look on for a server. Default: this process's. */
  readonly path?: string
  readonly toolsDir?: string
  /** Default `<dataDir>/logs/redis.log`. */
  readonly logFile?: string
  /** false: nothing is written to disk. Default true. */
  readonly durable?: boolean
  readonly removeAfter?: readonly string[]
  readonly onProgress?: (line: string) => void
}

export type RunningRedis = {
  /** `redis://:<password>@127.0.0.1:<port>`. Secret. */
  readonly url: string
  readonly port: number
  readonly pid: number
  readonly exited: Promise<Exit>
  stop(): Promise<void>
  /** For tests of crashes: ends the server at once, without asking. */
  kill(): void
}

const stopGraceMs = 5_000
/** Loading a large append-only file, or pulling an image, takes its time. */
const readyBoundMs = 60_000
const lookEveryMs = 30
const attempts = 5

/**
 * Starts a Redis of our own on 127.0.0.1 (append-only file, no eviction, password) and waits until it answers. It ends
 * with this process, however this process ends. Throws StoresError with one sentence.
 */
export async function startRedis(options: StartRedisOptions): Promise<RunningRedis> {
  const onProgress = options.onProgress ?? ((): void => undefined)
  const dir = resolve(options.dataDir, 'redis')
  await mkdir(options.dataDir, { recursive: true, mode: 0o711 })
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const program = options.program ?? (await findRedis({ ...searchOf(options), onProgress }))
  const password = options.password ?? (await keptPassword(dir))
  const logFile = options.logFile ?? join(options.dataDir, 'logs', 'redis.log')
  await mkdir(dirname(logFile), { recursive: true })
  await endLeftover(join(dir, 'redis.pid'), 'redis-server', 'SIGTERM')

  for (let attempt = 1; ; attempt += 1) {
    const port = options.port ?? (await freePort())
    const spec = await specOf(program, { dir, port, password, options })
    const server = await spawnServer(spec, logFile)
    if (await answers(server, port, password)) {
      return { ...server, port, url: `redis://:${password}@127.0.0.1:${port}` }
    }
    await server.stop()
    if (attempt === 1 && (await setBrokenFileAside(dir, logFile))) {
      onProgress('Redis’s file was damaged: it is set aside and begun anew')
    } else if (options.port !== undefined || attempt >= attempts) {
      throw new StoresError('redis_failed', `Redis does not start on port ${port}: see ${logFile}.`)
    }
  }
}

function searchOf(options: StartRedisOptions): { path?: string; toolsDir?: string } {
  return {
    ...(options.path === undefined ? {} : { path: options.path }),
    ...(options.toolsDir === undefined ? {} : { toolsDir: options.toolsDir }),
  }
}

async function keptPassword(dir: string): Promise<string> {
  const file = join(dir, 'password')
  const kept = (await readFile(file, 'utf8').catch(() => '')).trim()
  if (kept !== '') return kept
  const made = randomBytes(24).toString('base64url')
  await writeFile(`${file}.new`, `${made}\n`, { mode: 0o600 })
  await rename(`${file}.new`, file)
  return made
}

async function specOf(
  program: RedisProgram,
  o: { dir: string; port: number; password: string; options: StartRedisOptions },
): Promise<GuardSpec> {
  const durable = o.options.durable ?? true
  const configFile = join(o.dir, 'redis.conf')
  const common = {
    stopSignal: 'SIGTERM',
    graceMs: stopGraceMs,
    ...(o.options.removeAfter === undefined ? {} : { removeAfter: o.options.removeAfter }),
  } as const
  if (program.kind === 'program') {
    const pidFile = join(o.dir, 'redis.pid')
    const config = {
      port: o.port,
      bind: '127.0.0.1',
      dir: o.dir,
      password: o.password,
      durable,
      pidFile,
    }
    await writeFile(configFile, redisConfig(config), { mode: 0o600 })
    return { ...common, command: program.command, args: [configFile], env: program.env, cwd: o.dir }
  }
  const config = { port: 6379, bind: '0.0.0.0', dir: '/data', password: o.password, durable }
  await writeFile(configFile, redisConfig(config), { mode: 0o600 })
  const name = `callwire-redis-${createHash('sha256').update(o.dir).digest('hex').slice(0, 12)}`
  return {
    ...common,
    command: 'docker',
    args: [
      ...['run', '--rm', '--interactive', '--name', name],
      ...['--publish', `127.0.0.1:${o.port}:6379`, '--volume', `${name}:/data`],
      // The configuration goes in as standard input: a password must not stand on a command line.
      ...[program.image, 'redis-server', '-'],
    ],
    stdinFile: configFile,
    env: dockerEnvironment(),
    after: ['docker', 'rm', '--force', name],
  }
}

async function spawnServer(spec: GuardSpec, logFile: string): Promise<Guarded> {
  const log = await open(logFile, 'a', 0o600)
  try {
    return await startGuarded(spec, log.fd)
  } finally {
    await log.close()
  }
}

async function answers(server: Guarded, port: number, password: string): Promise<boolean> {
  const state = { ended: false }
  void server.exited.then(() => (state.ended = true))
  for (let waited = 0; waited < readyBoundMs && !state.ended; waited += lookEveryMs) {
    if (await redisAnswers(port, password)) return true
    await new Promise((wake) => setTimeout(wake, lookEveryMs))
  }
  return false
}

/** A file cut off in the middle is read as far as it goes; a garbled one stops Redis. Postgres holds what matters. */
async function setBrokenFileAside(dir: string, logFile: string): Promise<boolean> {
  const files = join(dir, 'appendonlydir')
  const log = (await readFile(logFile, 'utf8').catch(() => '')).slice(-4_000)
  if (!existsSync(files) || !/Bad file format|AOF.*(missing|corrupt|invalid)/i.test(log))
    return false
  await rm(`${files}.broken`, { recursive: true, force: true })
  await rename(files, `${files}.broken`)
  return true
}
