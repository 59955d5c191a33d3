import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { localPortsTo } from './open-requests.ts'
import { startProgram, type Program, type Running } from './process.ts'

/** A moment at which a dialer was stopped for good or for a while, and what it had under way. */
export type Blow = {
  kind: 'kill' | 'freeze'
  /** Epoch ms. From here on the process did nothing. */
  atMs: number
  /** When it went on; null: never. */
  untilMs: number | null
  /** The local ports of its requests to the provider. */
  ports: readonly number[]
}

/** The dialers, which take turns at being killed. */
export type Fleet = AsyncDisposable & {
  readonly blows: readonly Blow[]
  /** Kills the one that has been ready longest, and starts it anew. */
  kill(): Promise<void>
  /** Stops one for `ms`, then lets it go on as if nothing had happened. */
  freeze(ms: number): Promise<void>
  /** Whether one is there to do the work. */
  isAtWork(): Promise<boolean>
  /** Starts those anew that ended by themselves. */
  revive(): void
}

const readyAnswerMs = 500
/** From being ready to having something under way. */
const settledInMs = 2_000

async function answersReady(port: number): Promise<boolean> {
  const url = `http://127.0.0.1:${port}/readyz`
  return fetch(url, { signal: AbortSignal.timeout(readyAnswerMs) }).then(
    async (response) => {
      await response.arrayBuffer()
      return response.ok
    },
    () => false,
  )
}

/** Also when it ended while it was frozen. */
function wake(pid: number): void {
  try {
    process.kill(pid, 'SIGCONT')
  } catch {
    // Gone.
  }
}

type Member = {
  program: Program
  running: Running
  /** When it was first seen ready, on the monotonic clock; null: not yet. */
  readyAtMs: number | null
  /** It is being killed, or is frozen. */
  busy: boolean
}

export function startFleet(
  programs: readonly Program[],
  o: { providerPort: number; metricsPorts: readonly number[] },
): Fleet {
  const blows: Blow[] = []
  const start = (program: Program): Member => ({
    ...{ program, running: startProgram(program), readyAtMs: null, busy: false },
  })
  const members = programs.map(start)

  /** The longest at work: one that is still starting has nothing under way, and to kill it breaks nothing. */
  const victim = async (): Promise<Member | undefined> => {
    await Promise.all(
      members.map(async (member, n) => {
        const { running, readyAtMs, busy } = member
        if (busy || readyAtMs !== null) return
        const isReady = await answersReady(o.metricsPorts[n] ?? 0)
        if (isReady && member.running === running) member.readyAtMs = performance.now()
      }),
    )
    const atWork = members.filter(({ busy, running }) => !busy && !running.ended())
    return atWork
      .filter(({ readyAtMs }) => performance.now() - (readyAtMs ?? Infinity) >= settledInMs)
      .toSorted((a, b) => (a.readyAtMs ?? 0) - (b.readyAtMs ?? 0))[0]
  }

  /** Stops the process where it stands, so that what it has under way holds still to be counted. */
  const halt = (pid: number): Pick<Blow, 'atMs' | 'ports'> => {
    process.kill(pid, 'SIGSTOP')
    const atMs = Date.now()
    return { atMs, ports: localPortsTo(pid, o.providerPort) }
  }

  return {
    blows,
    async kill() {
      const member = await victim()
      if (member === undefined) return
      member.busy = true
      blows.push({ kind: 'kill', ...halt(member.running.pid), untilMs: null })
      await member.running.kill()
      Object.assign(member, start(member.program))
    },
    async freeze(ms) {
      const member = await victim()
      if (member === undefined) return
      member.busy = true
      const { pid } = member.running
      // The waking is another process's work: it happens also when this one is gone.
      spawn('sh', ['-c', `sleep ${ms / 1000}; kill -CONT ${pid}`], {
        stdio: 'ignore',
        detached: true,
      }).unref()
      const blow = { kind: 'freeze' as const, ...halt(pid), untilMs: Date.now() + ms }
      blows.push(blow)
      await sleep(ms)
      blow.untilMs = Date.now()
      wake(pid)
      member.busy = false
    },
    isAtWork: async () => (await victim()) !== undefined,
    revive() {
      for (const member of members) {
        if (member.running.ended() && !member.busy) Object.assign(member, start(member.program))
      }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(members.map(({ running }) => running[Symbol.asyncDispose]()))
    },
  }
}
