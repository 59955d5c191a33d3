import { Command, type Redis } from 'ioredis'
import { encodeCommand, type CommandPart } from './encode-command.ts'

/** A command that has no answer by then is taken for lost: its sender tries again. */
export const ANSWERED_WITHIN_MS = 2_000

/** A command whose bytes are ready. Its answer is text, or buffers without an encoding. */
export class RawCommand extends Command {
  readonly #bytes: Buffer

  /** @param parts - the first is the command's name */
  constructor(parts: readonly [string, ...CommandPart[]], replyEncoding: 'latin1' | null) {
    super(parts[0].toLowerCase(), [], { replyEncoding })
    this.#bytes = encodeCommand(parts)
  }

  override toWritable(): Buffer {
    return this.#bytes
  }
}

/**
 * Commands in one call of the kernel. Each of them settles: by its answer, or rejects as the library
 * does while Redis is away, or when the answers are overdue; `onOverdue` runs then.
 */
export function sendTogether(
  redis: Redis,
  batch: readonly RawCommand[],
  onOverdue: () => void = () => undefined,
): void {
  const last = batch.at(-1)
  if (last === undefined) return
  const { stream } = redis as { stream?: Redis['stream'] }
  stream?.cork()
  // While Redis is away each rejects at once.
  for (const command of batch) redis.sendCommand(command)
  stream?.uncork()
  let isOver = false
  const giveUp = () => {
    if (isOver) return
    for (const command of batch) command.reject(new Error('no answer in time'))
    onOverdue()
  }
  // A process that stood still itself reads first what has come meanwhile.
  const timer = setTimeout(() => setImmediate(giveUp), ANSWERED_WITHIN_MS)
  // Answers come in order, so the last one's ends the wait for all.
  const settle = () => {
    isOver = true
    clearTimeout(timer)
  }
  last.promise.then(settle, settle)
}
