import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { machineVariables } from './config.ts'

type Variables = Readonly<Record<string, string>>

/** A program of this repository, stopped by its disposal. */
export type Child = AsyncDisposable & {
  readonly pid: number
  readonly output: () => string
  readonly ended: () => boolean
}

/** @param path - from the repository's root */
export function startChild(path: string, args: readonly string[], variables: Variables): Child {
  const child = launch(path, args, variables)
  const output = collect(child.stdout, child.stderr)
  const ended = () => child.exitCode !== null || child.signalCode !== null
  return {
    pid: child.pid ?? 0,
    output,
    ended,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM')
      if (!ended()) await once(child, 'exit')
    },
  }
}

/** Runs a program to its end and gives what it printed. */
export async function runChild(
  path: string,
  args: readonly string[],
  variables: Variables,
): Promise<string> {
  const child = launch(path, args, variables)
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)]
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`${path} ${args.join(' ')}: ${stderr()}`)
  return stdout()
}

function launch(path: string, args: readonly string[], variables: Variables) {
  const program = fileURLToPath(new URL(`../../${path}`, import.meta.url))
  return spawn(process.execPath, [program, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...machineVariables, ...variables },
  })
}

function collect(...streams: readonly Readable[]): () => string {
  let text = ''
  for (const stream of streams) {
    stream.setEncoding('utf8').on('data', (more: string) => (text += more))
  }
  return () => text
}
