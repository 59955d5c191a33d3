import { Command, type Redis } from 'ioredis'
import { encodeCommand, type CommandPart } from './encode-command.ts'

/**
 * How long a command waits for others to go with it. A write and its answer cost the same for one
 * command and for fifty, and a block of audio is ten times as long.
 */
export const BATCH_MS = 10
/** A command that has no answer by then is taken for lost: its sender tries again. */
const ANSWERED_WITHIN_MS = 2_000

/** One connection's commands, sent together every few milliseconds, in the order they came. */
export type Appender = {
  /** Resolves with Redis's answer as text. Rejects as the library does, or when none comes in time. */
  send(parts: readonly CommandPart[], o?: { urgent?: boolean }): Promise<string | null>
  /** Rises whenever the connection was lost: what Redis had before may be gone. */
  losses(): number
  close(): void
}

/** A command whose bytes are ready. */
class RawCommand extends Command {
  readonly #bytes: Buffer

  constructor(bytes: Buffer) {
    super('xadd', [], { replyEncoding: 'latin1' })
    this.#bytes = bytes
  }

  override toWritable(): Buffer {
    return this.#bytes
  }
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
    write(redis, batch)
  }

  return {
    send(parts, { urgent = false } = {}) {
      const command = new RawCommand(encodeCommand(parts))
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

/** All of a batch in one call of the kernel. */
function write(redis: Redis, batch: readonly RawCommand[]): void {
  const last = batch.at(-1)
  if (last === undefined) return
  const { stream } = redis as { stream?: Redis['stream'] }
  stream?.cork()
  // While Redis is away each rejects at once.
  for (const command of batch) redis.sendCommand(command)
  stream?.uncork()
  const giveUp = () => {
    for (const command of batch) command.reject(new Error('no answer in time'))
  }
  // A process that stood still itself reads first what has come meanwhile.
  const timer = setTimeout(() => setImmediate(giveUp), ANSWERED_WITHIN_MS)
  // Answers come in order, so the last one's ends the wait for all.
  const settle = () => clearTimeout(timer)
  last.promise.then(settle, settle)
}
