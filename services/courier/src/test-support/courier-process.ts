import { startServiceProcess } from '@callwire/testkit'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../main.ts', import.meta.url))

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
  const running = await startServiceProcess(main, environment, '"msg":"started"')
  return {
    output: () => running.output(),
    end: (signal) => (signal === 'SIGKILL' ? running.kill() : running.end()),
    [Symbol.asyncDispose]: async () => {
      await running.kill()
    },
  }
}
