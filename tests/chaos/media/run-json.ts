import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { machineVariables } from '../config.ts'

/** Runs a program that takes its order as JSON on standard input and answers in JSON; it ends with `signal`. */
export async function runJson(
  program: string,
  order: object,
  signal: AbortSignal,
): Promise<unknown> {
  const path = fileURLToPath(new URL(program, import.meta.url))
  const child = spawn(process.execPath, [path], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...machineVariables },
    killSignal: 'SIGKILL',
    signal,
  })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (more: string) => (text += more))
  child.stdin.end(JSON.stringify(order))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`${program} ended with ${String(code)}`)
  return JSON.parse(text)
}
