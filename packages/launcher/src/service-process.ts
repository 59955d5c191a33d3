import { spawn } from 'node:child_process'
import type { Duplex } from 'node:stream'
import { fileURLToPath } from 'node:url'

import { DRAINING } from '@callwire/runtime'

import { nodeFlags, type Service } from './services.ts'
import type { Running } from './supervise.ts'

/** Services end within moments when their standard input does; this is for one that hangs. */
const askAgainMs = 2_500
const killMs = 6_500

/** Where a service finds the pipe on which it tells us things. */
const tellingDescriptor = 3

export const repositoryRoot = fileURLToPath(new URL('../../..', import.meta.url))

/** Node keeps compiled code here between runs: six processes load the same libraries at every start. */
const compileCache = `${repositoryRoot}.tools/compile-cache`

/**
 * One operating system process for one service. It holds the other end of a pipe as its standard input and ends when
 * that does, so it cannot outlive us; `logFd` gets its log. On another pipe it says when it drains.
 */
export async function startService(
  service: Service,
  env: Record<string, string>,
  logFd: number,
): Promise<Running> {
  const program = `${repositoryRoot}services/${service}/src/main.ts`
  const child = spawn(process.execPath, [...(nodeFlags[service] ?? []), program], {
    cwd: repositoryRoot,
    env: {
      ...env,
      NODE_COMPILE_CACHE: compileCache,
      CALLWIRE_SUPERVISOR_FD: String(tellingDescriptor),
    },
    stdio: ['pipe', logFd, logFd, 'pipe'],
    // A group of its own: Ctrl-C in a terminal reaches the launcher alone, which ends services in its own order.
    detached: true,
  })
  const { stdin } = child
  stdin?.on('error', () => undefined)
  const exited = Promise.withResolvers<{ code: number | null; signal: string | null }>()
  const draining = Promise.withResolvers<undefined>()
  const telling = child.stdio[tellingDescriptor] as Duplex
  telling.on('error', () => undefined)
  telling.on('data', (said: Buffer) => {
    if (said.toString().startsWith(DRAINING)) draining.resolve(undefined)
  })
  // What it said last is heard before its end is.
  const silent = new Promise<void>((resolve) => telling.once('close', resolve))
  child.once('exit', (code, signal) => {
    void silent.then(() => exited.resolve({ code, signal }))
  })
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', () => reject(new Error('the process could not be started')))
  })
  return {
    pid: child.pid ?? 0,
    exited: exited.promise,
    draining: draining.promise,
    async stop() {
      stdin?.end()
      const timers = [
        setTimeout(() => child.kill('SIGTERM'), askAgainMs),
        setTimeout(() => child.kill('SIGKILL'), killMs),
      ]
      await exited.promise
      timers.forEach(clearTimeout)
    },
  }
}
