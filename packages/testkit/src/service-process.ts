import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** A process that takes longer to end has to be cut short, or it would outlive its test. */
const endWithinMs = 15_000

export type ServiceProcess = {
  /** All it wrote on standard error. */
  output(): string
  /** As the kernel would for want of memory. */
  kill(): Promise<number | null>
  /** In good order; gives the exit code. */
  end(): Promise<number | null>
}

/** Starts a service's `main.ts` and waits until its log holds `ready`. */
export async function startServiceProcess(
  main: string,
  environment: Record<string, string>,
  ready: string,
): Promise<ServiceProcess> {
  const child = spawn(process.execPath, [main], {
    env: environment,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let output = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  const exited = once(child, 'exit') as Promise<[number | null]>
  const stop = async (signal: 'SIGKILL' | 'SIGTERM') => {
    const late = setTimeout(() => child.kill('SIGKILL'), endWithinMs)
    child.kill(signal)
    const [code] = await exited
    clearTimeout(late)
    return code
  }
  await new Promise<void>((resolve, reject) => {
    child.stderr.on('data', () => {
      if (output.includes(ready)) resolve()
    })
    void exited.then(() => reject(new Error(`it did not start: ${output.slice(-2_000)}`)))
  })
  return { output: () => output, kill: () => stop('SIGKILL'), end: () => stop('SIGTERM') }
}
