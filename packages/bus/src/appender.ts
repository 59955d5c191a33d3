import type { Redis } from 'ioredis'
import type { CommandPart } from './encode-command.ts'
import { RawCommand, sendTogether } from './send-together.ts'

/**
 * How long a command waits for others to go with it. A write and its answer cost the same for one
 * command and for fifty, and a block of audio is ten times as long.
 */
export const BATCH_MS = 10

/** One connection's commands, sent together every few milliseconds, in the order they came. */
export type Appender = {
  /** Resolves with Redis's answer as text. Rejects as the library does, or when none comes in time. */
  send(parts: readonly [string, ...CommandPart[]], o?: { urgent?: boolean }): Promise<string | null>
  /** Rises whenever the connection was lost: what Redis had before may be gone. */
  losses(): number
  close(): void
}

/** @param open - connects; called once, with the first command */
export function createAppender(open: () => Redis): Appender {
  let redis: Redis | null = null
  let waiting: RawCommand[] = []
  let timer: NodeJS.Timeout | null = null
  let isUrgent = false
  let losses = 0
  let isDecided = false

  const connect = (): Redis => {
    const opened = open()
    opened.on('close', () => {
      losses += 1
    })
    const decide = () => {
      opened.off('ready', decide).off('close', decide)
      isDecided = true
      flush()
    }
    opened.on('ready', decide).on('close', decide)
    opened.connect().catch(() => undefined)
    return opened
  }

  const flush = () => {
    timer = null
    isUrgent = false
    redis ??= connect()
    // The first commands of a process wait for its connection; later ones fail while it is away.
    if (!isDecided) return
    const batch = waiting
    waiting = []
    sendTogether(redis, batch)
  }

  return {
    send(parts, { urgent = false } = {}) {
      const command = new RawCommand(parts, 'latin1')
      waiting.push(command)
      if (urgent && !isUrgent) {
        isUrgent = true
        if (timer !== null) clearTimeout(timer)
        timer = setTimeout(flush, 0)
      } else {
        timer ??= setTimeout(flush, BATCH_MS)
      }
      return command.promise as Promise<string | null>
    },
    losses: () => losses,
    close() {
      if (timer !== null) clearTimeout(timer)
      for (const command of waiting.splice(0)) command.reject(new Error('closed'))
      redis?.disconnect()
    },
  }
}
