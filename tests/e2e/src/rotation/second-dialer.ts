import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { freePort } from '@callwire/stores'
import { environmentOf } from '../search/machine.ts'
import { root } from '../constellation.ts'

/**
 * A dialer beside the launcher's, with the very same environment but its own port. Where the launcher waits longer
 * after each death, this one is back at once.
 */
export type SecondDialer = AsyncDisposable & {
  pid(): number
  /** Kills it as hard as the system can, and starts it again. */
  killAndRestart(): Promise<void>
}

export async function startSecondDialer(likePid: number): Promise<SecondDialer> {
  const env = { ...environmentOf(likePid), METRICS_PORT: String(await freePort()) }
  const start = (): ChildProcess =>
    spawn(process.execPath, [join(root, 'services/dialer/src/main.ts')], {
      cwd: root,
      env,
      stdio: ['pipe', 'ignore', 'ignore'],
    })
  let child = start()
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal)
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  }
  return {
    pid: () => child.pid ?? 0,
    async killAndRestart() {
      await end('SIGKILL')
      child = start()
    },
    [Symbol.asyncDispose]: () => end('SIGTERM'),
  }
}
