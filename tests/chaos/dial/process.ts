import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { openSync, closeSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { machineVariables } from '../config.ts'

export const root = fileURLToPath(new URL('../../..', import.meta.url))

export type Variables = Readonly<Record<string, string>>

export type Program = {
  /** From the repository's root, or absolute. */
  readonly path: string
  readonly args?: readonly string[]
  readonly variables: Variables
  /** Where its log lines go. */
  readonly logFile: string
}

/** A program of this repository that ends with this process, however this one ends. */
export type Running = AsyncDisposable & {
  readonly pid: number
  ended(): boolean
  /** Ends it at once, without asking. */
  kill(): Promise<void>
}

const nodeProgram = (path: string): string => fileURLToPath(new URL(path, `file://${root}`))

export function startProgram(program: Program): Running {
  const log = openSync(program.logFile, 'a', 0o600)
  const child = spawn(process.execPath, [nodeProgram(program.path), ...(program.args ?? [])], {
    cwd: root,
    stdio: ['pipe', log, log],
    env: { ...machineVariables, CALLWIRE_SUPERVISED: '1', ...program.variables },
  })
  closeSync(log)
  const { pid } = child
  if (pid === undefined) throw new Error(`${program.path} cannot be started`)
  const ended = () => child.exitCode !== null || child.signalCode !== null
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal)
    if (!ended()) await once(child, 'exit')
  }
  return {
    pid,
    ended,
    kill: () => end('SIGKILL'),
    [Symbol.asyncDispose]: () => endKindly(child, end),
  }
}

/** A supervisor gives ten seconds; what has not ended by then is not waited for. */
const endMs = 10_000

async function endKindly(
  child: ChildProcess,
  end: (signal: NodeJS.Signals) => Promise<void>,
): Promise<void> {
  const late = setTimeout(() => child.kill('SIGKILL'), endMs)
  await end('SIGTERM').finally(() => clearTimeout(late))
}

/** Runs a program to its end and gives what it printed. */
export async function runProgram(o: Omit<Program, 'logFile'>): Promise<string> {
  const child = spawn(process.execPath, [nodeProgram(o.path), ...(o.args ?? [])], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...machineVariables, ...o.variables },
  })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (more: string) => (stdout += more))
  child.stderr.setEncoding('utf8').on('data', (more: string) => (stderr += more))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`${o.path} ended with ${String(code)}: ${stderr}`)
  return stdout
}
