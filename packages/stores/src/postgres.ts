import { mkdir, open, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import postgresClient from 'postgres'

import { StoresError } from './error.ts'
import { freePort } from './free-port.ts'
import { endLeftover } from './leftover-process.ts'
import { postgresBinaries, type PostgresBinaries } from './postgres-binaries.ts'
import { clusterUser, openCluster, type Cluster } from './postgres-cluster.ts'
import { postgresHome } from './postgres-home.ts'
import { startGuarded, type Exit, type Guarded } from './start-guarded.ts'
import { unprivilegedRunner, type Runner } from './unprivileged.ts'

export type StartPostgresOptions = {
  /** Holds the cluster, or the name of the place that does. Kept between runs. */
  readonly dataDir: string
  /** Default: any free port. */
  readonly port?: number
  /** Default `<dataDir>/logs/postgres.log`. */
  readonly logFile?: string
  /** false: no syncing to disk, for data that nobody will miss. Default true. */
  readonly durable?: boolean
  /** Directories to delete when the server has ended. */
  readonly removeAfter?: readonly string[]
  readonly onProgress?: (line: string) => void
}

export type RunningPostgres = {
  /** `postgres://callwire:…@127.0.0.1:<port>/callwire`, the cluster's owner. Secret. */
  readonly url: string
  readonly port: number
  readonly pid: number
  readonly exited: Promise<Exit>
  stop(): Promise<void>
  /** For tests of crashes: ends the server at once, without asking. */
  kill(): void
}

/** A fast shutdown writes one checkpoint. */
const stopGraceMs = 5_000
/** After a crash the server replays its log before it answers. */
const readyBoundMs = 60_000
const lookEveryMs = 50
const portAttempts = 5

/**
 * Starts a PostgreSQL of our own on 127.0.0.1 and waits until it answers. It ends with this process, however this
 * process ends. Throws StoresError with one sentence.
 */
export async function startPostgres(options: StartPostgresOptions): Promise<RunningPostgres> {
  const onProgress = options.onProgress ?? ((): void => undefined)
  const runner = await unprivilegedRunner()
  const binaries = await postgresBinaries(runner, onProgress)
  const home = await postgresHome(options.dataDir, runner)
  const cluster = await openCluster({ home, binaries, runner, onProgress })
  const pidFile = join(cluster.dataDir, 'postmaster.pid')
  await endLeftover(pidFile, cluster.dataDir, 'SIGINT')
  // The number in it may belong to anybody by now, and PostgreSQL would take that for a server.
  await rm(pidFile, { force: true })

  const logFile = options.logFile ?? join(options.dataDir, 'logs', 'postgres.log')
  await mkdir(dirname(logFile), { recursive: true })
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port ?? (await freePort())
    const server = await spawnServer({ binaries, cluster, runner, port, logFile, options })
    const adminUrl = urlOf(cluster, port, 'postgres')
    if (await answers(server, adminUrl)) {
      await ensureDatabase(adminUrl)
      return { ...server, port, url: urlOf(cluster, port, 'callwire') }
    }
    await server.stop()
    if (options.port !== undefined || attempt === portAttempts) {
      throw new StoresError(
        'postgres_failed',
        `PostgreSQL does not start on port ${port}: see ${logFile}.`,
      )
    }
  }
}

async function spawnServer(o: {
  binaries: PostgresBinaries
  cluster: Cluster
  runner: Runner | null
  port: number
  logFile: string
  options: StartPostgresOptions
}): Promise<Guarded> {
  const log = await open(o.logFile, 'a', 0o600)
  try {
    return await startGuarded(
      {
        command: o.binaries.postgres,
        args: [
          '-D',
          o.cluster.dataDir,
          '-p',
          String(o.port),
          ...settings(o.options.durable ?? true),
        ],
        env: { LD_LIBRARY_PATH: o.binaries.libDir, LC_ALL: 'C', TZ: 'UTC' },
        cwd: o.cluster.dataDir,
        stopSignal: 'SIGINT',
        graceMs: stopGraceMs,
        ...(o.runner ?? {}),
        ...(o.options.removeAfter === undefined ? {} : { removeAfter: o.options.removeAfter }),
      },
      log.fd,
    )
  } finally {
    await log.close()
  }
}

/** Server settings as `-c name=value` arguments. */
function settings(durable: boolean): string[] {
  const values = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    // Taken as it is used. With less, statements of a busy install write out others' pages themselves.
    shared_buffers: durable ? '256MB' : '64MB',
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    password_encryption: 'scram-sha-256',
    // Statements and their values hold people's data: the log says what went wrong, not with what.
    log_min_error_statement: 'panic',
    log_error_verbosity: 'terse',
    ...(durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  }
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

function urlOf(cluster: Cluster, port: number, database: string): string {
  return `postgres://${clusterUser}:${cluster.password}@127.0.0.1:${port}/${database}`
}

async function answers(server: Guarded, url: string): Promise<boolean> {
  let ended = false
  void server.exited.then(() => (ended = true))
  for (let waited = 0; waited < readyBoundMs; waited += lookEveryMs) {
    if (hasEnded()) return false
    if (await withClient(url, async (sql) => sql`select 1`).then(yes, no)) return true
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs))
  }
  return false

  function hasEnded(): boolean {
    return ended
  }
}

const yes = (): boolean => true
const no = (): boolean => false

/** Made on every start, because a crash may have come between the cluster and its database. */
async function ensureDatabase(adminUrl: string): Promise<void> {
  await withClient(adminUrl, async (sql) => {
    const found = await sql`select 1 from pg_database where datname = 'callwire'`
    if (found.length === 0) await sql`create database callwire`
  })
}

async function withClient<T>(
  url: string,
  work: (sql: postgresClient.Sql) => Promise<T>,
): Promise<T> {
  const sql = postgresClient(url, { max: 1, connect_timeout: 5, onnotice: () => undefined })
  try {
    return await work(sql)
  } finally {
    await sql.end({ timeout: 1 })
  }
}
