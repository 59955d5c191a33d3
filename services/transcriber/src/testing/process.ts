import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { freePort } from '@callwire/testkit'
import { contentKeys, type Fixture } from './fixture.ts'

const main = fileURLToPath(new URL('../main.ts', import.meta.url))

/** The transcriber as a process of its own, for signals; killed when disposed. */
export async function startProcess(
  fixture: Pick<Fixture, 'environment'>,
  more: NodeJS.ProcessEnv = {},
) {
  const port = await freePort()
  const child = spawn(process.execPath, [main], {
    env: {
      ...fixture.environment,
      CONTENT_KEYS: contentKeys,
      ASR_PROVIDER: 'loopback',
      METRICS_PORT: String(port),
      LOG_LEVEL: 'info',
      ...more,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text
  })
  const exited = once(child, 'exit')
  const get = (path: string) => fetch(`http://127.0.0.1:${String(port)}${path}`)
  return {
    log: () => log,
    signal: (name: 'SIGTERM' | 'SIGSTOP' | 'SIGCONT' | 'SIGKILL') => child.kill(name),
    /** Its exit code. */
    exited: exited.then(([code]) => code as number | null),
    readyz: async () => {
      const response = await get('/readyz')
      return { status: response.status, body: await response.json() }
    },
    metrics: async () => (await get('/metrics')).text(),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await exited
    },
  }
}
