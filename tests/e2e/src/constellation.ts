import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { CallEvent } from '@callwire/contracts'
import { createClient, type Client } from '@callwire/sdk'
import { eventually, scratchDir } from '@callwire/testkit'
import { machine } from './config.ts'
import { account, collect, PHONE, startSimulator, type Simulator } from './simulator.ts'

export const root = fileURLToPath(new URL('../../..', import.meta.url))
const launcher = join(root, 'packages/launcher/src/main.ts')
const cli = join(root, 'packages/cli/src/main.ts')

export type Service = 'gateway' | 'ingest' | 'dialer' | 'transcriber' | 'copilot' | 'courier'
type RunFile = {
  ingestUrl: string
  gatewayUrl: string
  databaseUrl: string
  redisUrl: string
  pids: Record<string, number>
}

export type CliResult = { code: number; stdout: string; stderr: string }
type Environment = Record<string, string>

/** The whole system as an operator starts it, with a simulator for Exotel. */
export type Constellation = AsyncDisposable & {
  simulator: Simulator
  dataDir: string
  gatewayUrl: string
  socketUrl: string
  apiKey: string
  /** What `tenant create` printed. */
  tenant: { tenantId: string; userId: string; email: string; password: string }
  client: Client
  runFile(): RunFile
  /** Runs the CLI against this system and parses what it prints. */
  cli(...args: string[]): Promise<unknown>
  /** Runs the CLI as a person does; gives all that it said. */
  runCli(args: readonly string[], env?: Record<string, string>): Promise<CliResult>
  /** Imports the test's phone with an agent of this kind. */
  phoneWith(agent: Parameters<Client['agents']['create']>[0]): Promise<string>
  /** What it was started with: `launch` starts it again, once it is stopped. */
  env: Environment
  /** Ends the system, and gives the launcher's exit code. */
  stop(): Promise<number | null>
  output(): string
}

/** Everything is up within a few seconds; a busy machine may take many. Longer than the launcher's own bound. */
const READY_MS = 150_000

/** A launcher, from its start on. */
export type Launched = AsyncDisposable & {
  /** Waits until it says that everything answers. */
  ready(): Promise<void>
  /** Waits for its end, and gives its exit code. */
  ended(): Promise<number | null>
  output(): string
}

/** Starts the system in a data directory, new or used before. */
export function launch(env: Environment): Launched {
  const anyPort = { GATEWAY_PORT: '0', INGEST_PORT: '0', COPILOT_PORT: '0', METRICS_PORT: '0' }
  const child = spawn(process.execPath, [launcher, 'start'], {
    cwd: root,
    stdio: ['pipe', 'pipe', 'pipe'],
    // The launcher ends when this process does, however it ends.
    env: { ...machine, CALLWIRE_PARENT_FD: '0', ...anyPort, ...env },
  })
  const output = collect(child.stdout, child.stderr)
  const ended = async () => {
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    return child.exitCode
  }
  return {
    output,
    ended,
    async ready() {
      const look = () => {
        if (child.exitCode !== null)
          throw new Error(`the launcher ended:\n${output().slice(-4_000)}`)
        return /^ready \{/m.test(output())
      }
      await eventually(look, { boundMs: READY_MS, what: 'ready' })
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await ended()
    },
  }
}

/** @param settings - variables of the system; they may depend on where the simulator and the data are */
export async function startConstellation(
  settings: Environment | ((simulator: Simulator, dataDir: string) => Environment) = {},
): Promise<Constellation> {
  await using stack = new AsyncDisposableStack()
  const dataDir = await scratchDir('e2e')
  stack.defer(() => rm(dataDir, { recursive: true, force: true }))
  const simulator = stack.use(await startSimulator())
  const env = {
    CALLWIRE_DATA_DIR: dataDir,
    ASR_PROVIDER: 'loopback',
    EXOTEL_ALLOWED_HOSTS: simulator.host,
    EXOTEL_ALLOW_HTTP: 'true',
    LOG_LEVEL: 'trace',
    ...(typeof settings === 'function' ? settings(simulator, dataDir) : settings),
  }
  const system = stack.use(launch(env))
  await system.ready()
  const runFile = () => JSON.parse(readFileSync(join(dataDir, 'run.json'), 'utf8')) as RunFile
  const { gatewayUrl } = runFile()

  let apiKey = ''
  const runCli: Constellation['runCli'] = async (args, more = {}) => {
    const given = { ...machine, CALLWIRE_DATA_DIR: dataDir, CALLWIRE_API_KEY: apiKey, ...more }
    const command = spawn(process.execPath, [cli, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: given,
    })
    const [stdout, stderr] = [collect(command.stdout), collect(command.stderr)]
    const [code] = (await once(command, 'close')) as [number | null]
    return { code: code ?? -1, stdout: stdout(), stderr: stderr() }
  }
  const run = async (...args: string[]): Promise<unknown> => {
    const { code, stdout, stderr } = await runCli([...args, '--json'])
    if (code !== 0) throw new Error(`callwire ${args.join(' ')}: ${stderr}`)
    return JSON.parse(stdout)
  }
  const tenant = (await run(
    'tenant',
    'create',
    '--name',
    'Acme',
    '--email',
    'owner@acme.example',
  )) as Constellation['tenant'] & { apiKey: string }
  apiKey = tenant.apiKey
  const client = createClient({ baseUrl: gatewayUrl, token: apiKey })
  const disposables = stack.move()
  return {
    simulator,
    dataDir,
    gatewayUrl,
    socketUrl: gatewayUrl.replace(/^http/, 'ws'),
    apiKey,
    tenant,
    client,
    runFile,
    cli: run,
    runCli,
    async phoneWith(body) {
      const { agent } = await client.agents.create(body)
      const { phone } = await client.phones.import({
        number: PHONE,
        country: 'IN',
        exotelConfig: { ...account, subdomain: simulator.host },
        agentId: agent.id,
      })
      return phone.id
    },
    env,
    output: () => system.output() + simulator.output(),
    async stop() {
      await system[Symbol.asyncDispose]()
      return system.ended()
    },
    [Symbol.asyncDispose]: () => disposables.disposeAsync(),
  }
}

/** Kills one service's process as hard as the system can, or asks it to end, and says which it was. */
export function killService(
  system: Pick<Constellation, 'runFile'>,
  service: Service,
  signal: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' = 'SIGKILL',
): number {
  const pid = system.runFile().pids[service]
  if (pid === undefined) throw new Error(`${service} does not run`)
  process.kill(pid, signal)
  return pid
}

/** All of a call's events once its receipt is there and nothing follows it for the moment. */
export async function eventsToReceipt(
  client: Client,
  callId: string,
  boundMs = 90_000,
): Promise<CallEvent[]> {
  await eventually(
    async () => {
      try {
        return (await client.calls.receipt(callId)).complete
      } catch {
        // The gateway may be the thing that was killed.
        return false
      }
    },
    { boundMs, what: `the receipt of ${callId}` },
  )
  const { events } = await client.calls.events(callId, { limit: 500 })
  return events
}
