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
  /** Kills the one that has run longest, and starts it anew. */
  kill(): Promise<void>
  /** Stops one for `ms`, then lets it go on as if nothing had happened. */
  freeze(ms: number): Promise<void>
  /** Starts those anew that ended by themselves. */
  revive(): void
}

/** Also when it ended while it was frozen. */
function wake(pid: number): void {
  try {
    process.kill(pid, 'SIGCONT')
  } catch {
    // Gone.
  }
}

type Member = { program: Program; running: Running; startedAtMs: number; busy: boolean }

export function startFleet(programs: readonly Program[], o: { providerPort: number }): Fleet {
  const blows: Blow[] = []
  const start = (program: Program): Member => {
    const running = startProgram(program)
    return { program, running, startedAtMs: performance.now(), busy: false }
  }
  const members = programs.map(start)

  /** The longest alive: one that is still starting has nothing under way. */
  const victim = (): Member | undefined =>
    members
      .filter(({ busy, running }) => !busy && !running.ended())
      .toSorted((a, b) => a.startedAtMs - b.startedAtMs)[0]

  /** Stops the process where it stands, so that what it has under way holds still to be counted. */
  const halt = (pid: number): Pick<Blow, 'atMs' | 'ports'> => {
    process.kill(pid, 'SIGSTOP')
    const atMs = Date.now()
    return { atMs, ports: localPortsTo(pid, o.providerPort) }
  }

  return {
    blows,
    async kill() {
      const member = victim()
      if (member === undefined) return
      member.busy = true
      blows.push({ kind: 'kill', ...halt(member.running.pid), untilMs: null })
      await member.running.kill()
      Object.assign(member, start(member.program))
    },
    async freeze(ms) {
      const member = victim()
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
