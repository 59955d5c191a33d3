import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

import type { GuardSpec } from './guard-spec.ts'

/** How the guarded program ended. */
export type Exit = { readonly code: number | null; readonly signal: string | null }

export type Guarded = {
  /** The program's own process id, not the guard's. */
  readonly pid: number
  readonly exited: Promise<Exit>
  /** Stops the program and its guard; resolves when both are gone. */
  stop(): Promise<void>
  /** For tests of crashes: ends the program at once, without asking. */
  kill(): void
}

/** Beyond the program's own grace: the guard needs moments to report and clean up. */
const guardGraceMs = 2_000
/** A fresh Node process starts in well under a second; a busy machine may need many. */
const startBoundMs = 30_000

/**
 * Runs a program under a guard process, so that it ends when this process does, however this process ends.
 * Output of the program goes to `logFd`. Rejects with the system's error code as message when it cannot be run.
 */
export async function startGuarded(spec: GuardSpec, logFd: number | 'ignore'): Promise<Guarded> {
  const guardFile = fileURLToPath(new URL('./guard.ts', import.meta.url))
  // Detached: Ctrl-C in a terminal reaches only the asker, which then stops things in its own order.
  const guard = spawn(process.execPath, [guardFile, JSON.stringify(spec)], {
    stdio: ['pipe', 'pipe', logFd],
    env: spec.env,
    detached: true,
  })
  const { stdin, stdout } = guard
  if (stdin === null || stdout === null) throw new Error('the guard has no pipes')
  stdin.on('error', () => undefined)

  const started = Promise.withResolvers<number>()
  const exited = Promise.withResolvers<Exit>()
  let pid: number | undefined
  let over = false
  const finish = (exit: Exit): void => {
    over = true
    exited.resolve(exit)
    started.reject(new Error(exit.signal ?? `exit ${String(exit.code)}`))
  }

  createInterface({ input: stdout }).on('line', (line) => {
    const news = JSON.parse(line) as { pid?: number; exit?: number | null; signal?: string | null }
    if (news.pid !== undefined) {
      pid = news.pid
      started.resolve(news.pid)
    } else {
      finish({ code: news.exit ?? null, signal: news.signal ?? null })
    }
  })
  guard.once('error', () => finish({ code: null, signal: 'guard_not_started' }))
  guard.once('exit', () => {
    if (over) return
    // The guard was killed: nobody else looks after the program now.
    if (pid !== undefined) killQuietly(pid, 'SIGKILL')
    finish({ code: null, signal: 'guard_died' })
  })
  const tooLate = setTimeout(() => guard.kill('SIGKILL'), startBoundMs)
  const programPid = await started.promise.finally(() => clearTimeout(tooLate))

  const gone = new Promise<void>((resolve) => {
    if (guard.exitCode !== null || guard.signalCode !== null) resolve()
    else guard.once('exit', () => resolve())
  })
  return {
    pid: programPid,
    exited: exited.promise,
    async stop() {
      stdin.end()
      const overdue = setTimeout(() => guard.kill('SIGKILL'), spec.graceMs + guardGraceMs)
      await gone.finally(() => clearTimeout(overdue))
    },
    kill() {
      if (!over) killQuietly(programPid, 'SIGKILL')
    },
  }
}

function killQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // Gone already.
  }
}
