import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { eventually } from '@callwire/testkit'
import { contentKeys, edgeKeys, type Fixture } from './fixture.ts'

const main = fileURLToPath(new URL('../main.ts', import.meta.url))

/** What ingest is told as a process of its own, on ports that are free. */
export function processEnvironment({ config }: Pick<Fixture, 'config'>) {
  return {
    DATABASE_URL: config.databaseUrl,
    REDIS_URL: config.redisUrl,
    CONTENT_KEYS: contentKeys,
    EDGE_KEYS: edgeKeys,
    JWT_SECRET: config.jwtSecret.reveal(),
    INGEST_PORT: '0',
    METRICS_PORT: '0',
  }
}

/** Ingest as a process of its own, for signals; killed when disposed. */
export function startProcess(env: NodeJS.ProcessEnv) {
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'ignore', 'pipe'] })
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text
  })
  const exited = once(child, 'exit')
  return {
    log: () => log,
    signal: (name: 'SIGTERM' | 'SIGSTOP' | 'SIGCONT' | 'SIGKILL') => child.kill(name),
    /** Its exit code. */
    exited: exited.then(([code]) => code as number | null),
    /** Where media sockets are taken, once they are. */
    async url(): Promise<string> {
      const line = await eventually(
        () => log.split('\n').find((one) => one.includes('ingest listening')),
        { boundMs: 25_000 },
      )
      const { port } = JSON.parse(line) as { port: number }
      return `ws://127.0.0.1:${port}/v1/ingest`
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await exited
    },
  }
}
