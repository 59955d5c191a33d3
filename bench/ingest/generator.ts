import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { machineVariables } from '../lib/config.ts'
import type { Answer, Command, Drive } from './load/commands.ts'
import type { Side } from './side.ts'

/** Beyond what any command takes: a process that does not answer by then has no figures. */
const ANSWERS_WITHIN_MS = 180_000

/** The process that makes the load. */
export type Generator = AsyncDisposable & {
  /** Opens media sockets until a side has `count` of them. */
  openTo(side: Side, count: number): Promise<void>
  /** Ends the youngest until `count` are left. */
  closeTo(side: Side, count: number): Promise<void>
  streams(side: Side): number
  drive(side: Side, o: { settleMs: number; windowMs: number }): Promise<Drive>
}

/** Sockets opened a second: what comes at once with a burst of calls. */
const OPENED_A_SECOND = 60

export function startGenerator(): Generator {
  const path = fileURLToPath(new URL('load/main.ts', import.meta.url))
  const child = fork(path, {
    env: machineVariables,
    execArgv: [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const open = new Map<string, number>()
  const ask = async (command: Command): Promise<Drive | null> => {
    const signal = AbortSignal.timeout(ANSWERS_WITHIN_MS)
    child.send(command)
    const [answer] = (await once(child, 'message', { signal })) as [Answer]
    if (answer.kind === 'failed') throw new Error(answer.error)
    return answer.kind === 'driven' ? answer.drive : null
  }
  const streams = ({ name }: Side) => open.get(name) ?? 0
  return {
    streams,
    async openTo(side, count) {
      const more = Math.max(0, count - streams(side))
      if (more === 0) return
      const targets = Array.from({ length: more }, (_, n) => side.target(streams(side) + n))
      await ask({ do: 'open', side: side.name, targets, perSecond: OPENED_A_SECOND })
      open.set(side.name, count)
    },
    async closeTo(side, count) {
      const less = Math.max(0, streams(side) - count)
      if (less === 0) return
      await ask({ do: 'close', side: side.name, count: less })
      open.set(side.name, count)
    },
    async drive(side, o) {
      const drive = await ask({ do: 'drive', side: side.name, pids: [side.pid], ...o })
      if (drive === null) throw new Error('the load was not driven')
      return drive
    },
    [Symbol.asyncDispose]: async () => {
      const ended = once(child, 'exit')
      if (child.exitCode === null) {
        child.disconnect()
        await ended
      }
    },
  }
}
