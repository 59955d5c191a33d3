import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../main.ts', import.meta.url))
/** A process that takes longer to end has to be cut short, or it would outlive its test. */
const endWithinMs = 15_000

export type CourierProcess = AsyncDisposable & {
  /** All it wrote on standard error. */
  output(): string
  /** Stops it, as the kernel would for want of memory or a supervisor in good order. */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null>
}

/** A courier as it runs for real: a process of its own. */
export async function startCourierProcess(
  environment: Record<string, string>,
): Promise<CourierProcess> {
  const child = spawn(process.execPath, [main], {
    env: environment,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let output = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  const exited = once(child, 'exit') as Promise<[number | null]>
  const end = async (signal: 'SIGKILL' | 'SIGTERM') => {
    const late = setTimeout(() => child.kill('SIGKILL'), endWithinMs)
    child.kill(signal)
    const [code] = await exited
    clearTimeout(late)
    return code
  }
  await new Promise<void>((resolve, reject) => {
    child.stderr.on('data', () => {
      if (output.includes('"msg":"started"')) resolve()
    })
    void exited.then(() => reject(new Error(`it did not start: ${output.slice(-2_000)}`)))
  })
  return {
    output: () => output,
    end,
    [Symbol.asyncDispose]: async () => {
      await end('SIGKILL')
    },
  }
}
