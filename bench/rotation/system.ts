import { randomBytes } from 'node:crypto'
import { appendFile, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createClient, type Client } from '@callwire/sdk'
import { freePort } from '@callwire/stores'
import { eventually, scratchDir } from '@callwire/stores/testing'
import postgres from 'postgres'
import { runChild, startChild } from '../lib/child.ts'

export const account = { sid: 'bench1', apiKey: 'bench-key', apiToken: 'bench-token' }

/** A whole system of this benchmark's own, with its stores and a simulator. */
export type System = AsyncDisposable & {
  client: Client
  tenantId: string
  /** The host the simulator answers at. */
  exotelHost: string
  /** The master ring it started with: one key, `k1`. */
  masterKeys: string
  /** Past every fence, for seeding and counting. */
  sql: postgres.Sql
  dialerPid: number
  /** Puts `k2` into the file of the master ring. */
  addKey(): Promise<void>
}

const READY_MS = 180_000
/** No limit of ours or the simulator's is to be met here. */
const ENOUGH_PER_MINUTE = '100000'
/** Calls are refused by the person as soon as they ring: what is measured is placing them. */
const scenario = { outcome: 'busy', ringAfterMs: 50, ringMs: 100 }

export async function startSystem(): Promise<System> {
  await using stack = new AsyncDisposableStack()
  const dataDir = await scratchDir('bench')
  stack.defer(() => rm(dataDir, { recursive: true, force: true }))
  const keysFile = join(dataDir, 'encryption-keys')
  const masterKeys = `k1:${newKey()}`
  await writeFile(keysFile, masterKeys, { mode: 0o600 })

  const port = String(await freePort())
  const exotelHost = `127.0.0.1:${port}`
  const supervised = { CALLWIRE_SUPERVISED: '1', LOG_LEVEL: 'error' }
  const program = 'services/exotel-simulator/src/main.ts'
  stack.use(startChild(program, [], { ...supervised, SIMULATOR_PORT: port }))
  await eventually(() => tell(exotelHost, 'scenario', scenario), { boundMs: READY_MS })
  const requestsPerMinute = Number(ENOUGH_PER_MINUTE)
  await tell(exotelHost, 'accounts', { ...account, requestsPerMinute })

  const launcher = stack.use(
    startChild('packages/launcher/src/main.ts', ['start'], {
      CALLWIRE_PARENT_FD: '0',
      CALLWIRE_DATA_DIR: dataDir,
      ENCRYPTION_KEYS_FILE: keysFile,
      GATEWAY_PORT: '0',
      INGEST_PORT: '0',
      COPILOT_PORT: '0',
      METRICS_PORT: '0',
      ASR_PROVIDER: 'loopback',
      EXOTEL_ALLOWED_HOSTS: exotelHost,
      EXOTEL_ALLOW_HTTP: 'true',
      EXOTEL_REQUESTS_PER_MINUTE: ENOUGH_PER_MINUTE,
      API_RATE_PER_MINUTE: '0',
      LOG_LEVEL: 'warn',
    }),
  )
  await eventually(
    () => {
      if (launcher.ended()) throw new Error(`the launcher ended:\n${launcher.output()}`)
      return /^ready \{/m.test(launcher.output())
    },
    { boundMs: READY_MS, what: 'ready' },
  )
  const run = JSON.parse(await readFile(join(dataDir, 'run.json'), 'utf8')) as RunFile
  const sql = postgres(run.databaseUrl, {
    max: 2,
    onnotice: () => undefined,
    connection: { search_path: 'app' },
  })
  stack.defer(() => sql.end({ timeout: 5 }))
  const owner = ['--name', 'Bench', '--email', 'owner@bench.example', '--json']
  const made = await runChild('packages/cli/src/main.ts', ['tenant', 'create', ...owner], {
    CALLWIRE_DATA_DIR: dataDir,
  })
  const tenant = JSON.parse(made) as { tenantId: string; apiKey: string }
  const kept = stack.move()
  return {
    client: createClient({ baseUrl: run.gatewayUrl, token: tenant.apiKey }),
    tenantId: tenant.tenantId,
    exotelHost,
    masterKeys,
    sql,
    dialerPid: run.pids['dialer'] ?? 0,
    addKey: () => appendFile(keysFile, `,k2:${newKey()}`),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

type RunFile = { gatewayUrl: string; databaseUrl: string; pids: Record<string, number> }

function newKey(): string {
  return randomBytes(32).toString('base64')
}

async function tell(host: string, path: string, body: unknown): Promise<boolean> {
  try {
    const response = await fetch(`http://${host}/simulator/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    await response.arrayBuffer()
    return response.ok
  } catch {
    // Not listening yet.
    return false
  }
}
