import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { freePort } from '@callwire/stores'
import { eventually } from '@callwire/testkit'
import { machine } from './config.ts'

const program = fileURLToPath(
  new URL('../../../services/exotel-simulator/src/main.ts', import.meta.url),
)

/** What was really spoken, by the simulator's own account. */
export type SpokenUtterance = { speakerName: string; text: string; startMs: number; endMs: number }
export type PlacedCall = {
  callSid: string
  customField: string
  status: string
  from: string
  to: string
  callerId: string
  mode: string
}

/** The account every test's phone has. Each secret is unique, so that it can be searched for. */
export const account = {
  sid: 'acme1',
  apiKey: 'e2eKey-7f3a9c51d2e84b60',
  apiToken: 'e2eToken-91b7c2d4e6f80a3b5c7d',
}
export const PHONE = '+918047112233'

export type CustomScript = {
  name: string
  title: string
  speakers: { name: string; pitchHz: number }[]
  turns: { speaker: number; language: string; text: string }[]
}

/** Exotel, for these tests: a process of its own, which nothing of ours shares code with. */
export type Simulator = AsyncDisposable & {
  host: string
  ask(method: string, path: string, body?: unknown): Promise<unknown>
  fault(kind: string, settings?: Record<string, unknown>): Promise<void>
  /** Chooses what is said in the next calls, or in those to numbers that end in `number`. */
  script(script: string | CustomScript, number?: string): Promise<SpokenUtterance[]>
  placed(): Promise<PlacedCall[]>
  output(): string
}

export async function startSimulator(): Promise<Simulator> {
  const port = await freePort()
  const child = spawn(process.execPath, [program], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {
      ...machine,
      SIMULATOR_PORT: String(port),
      SIMULATOR_ACCOUNT_SID: account.sid,
      SIMULATOR_API_KEY: account.apiKey,
      SIMULATOR_API_TOKEN: account.apiToken,
      SIMULATOR_PHONES: PHONE,
      CALLWIRE_SUPERVISED: '1',
      LOG_LEVEL: 'trace',
    },
  })
  const output = collect(child.stdout, child.stderr)
  const url = `http://127.0.0.1:${String(port)}`
  const ask = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(new URL(path, url), {
      method,
      ...(body === undefined
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`simulator: ${String(response.status)} ${text}`)
    return text === '' ? null : JSON.parse(text)
  }
  await eventually(
    () =>
      ask('GET', '/simulator/calls').then(
        () => true,
        () => false,
      ),
    {
      boundMs: 30_000,
      what: 'the simulator',
    },
  )
  return {
    host: `127.0.0.1:${String(port)}`,
    ask,
    async fault(kind, settings = {}) {
      await ask('POST', '/simulator/faults', { kind, ...settings })
    },
    async script(script, number) {
      const scope = number === undefined ? {} : { number }
      const answer = (await ask('POST', '/simulator/script', { script, ...scope })) as {
        script: { utterances: SpokenUtterance[] }
      }
      return answer.script.utterances
    },
    async placed() {
      const answer = (await ask('GET', '/simulator/calls?limit=1000')) as { calls: PlacedCall[] }
      return answer.calls
    },
    output,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    },
  }
}

/** Everything that comes out of these streams, in the order in which it comes. */
export function collect(...streams: (Readable | null)[]): () => string {
  let text = ''
  for (const stream of streams) {
    stream?.setEncoding('utf8').on('data', (more: string) => (text += more))
  }
  return () => text
}
