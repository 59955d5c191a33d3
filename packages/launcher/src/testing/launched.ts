import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { env as machine } from 'node:process'
import { fileURLToPath } from 'node:url'

import { serviceNames } from '@callwire/db'
import { eventually, testRedis, type TestDatabase } from '@callwire/testkit'

import type { RunFile } from '../run-file.ts'

/** The launcher as a process of its own, as an operator starts it. */
export type Launched = AsyncDisposable & {
  output(): string
  /** Its exit code, once it has ended by itself. */
  ended(): Promise<number | null>
  /** Waits for the line `ready`. */
  ready(): Promise<RunFile>
}

const main = fileURLToPath(new URL('../main.ts', import.meta.url))
/** Everything is up within a few seconds; a busy machine may take many. Longer than the launcher's own bound. */
const readyMs = 150_000

/** Starts it on a database of this test's own and the run's Redis. */
export async function launched(o: {
  database: TestDatabase
  dataDir: string
  env: Record<string, string>
}): Promise<Launched> {
  const redis = await testRedis()
  const logins = serviceNames.map((service) => [
    `DATABASE_URL_${service.toUpperCase()}`,
    o.database.serviceUrl(service),
  ])
  const child = spawn(process.execPath, [main, 'start'], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {
      PATH: machine['PATH'],
      HOME: machine['HOME'],
      CALLWIRE_PARENT_FD: '0',
      CALLWIRE_DATA_DIR: o.dataDir,
      DATABASE_URL: o.database.url,
      ...(Object.fromEntries(logins) as Record<string, string>),
      REDIS_URL: redis.url,
      GATEWAY_PORT: '0',
      INGEST_PORT: '0',
      COPILOT_PORT: '0',
      METRICS_PORT: '0',
      ...o.env,
    },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')))
  }
  const exited = once(child, 'close')
  return {
    output: () => output,
    async ended() {
      await exited
      return child.exitCode
    },
    async ready() {
      await eventually(
        () => {
          if (child.exitCode !== null) throw new Error(`it ended:\n${output.slice(-4_000)}`)
          return /^ready \{/m.test(output)
        },
        { boundMs: readyMs, what: 'ready' },
      )
      return JSON.parse(readFileSync(join(o.dataDir, 'run.json'), 'utf8')) as RunFile
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await exited
    },
  }
}
