import { Socket } from 'node:net'

type Done = (error?: Error | null) => void

/**
 * A socket that sends what is written in one go of the event loop in one piece: the begin of a
 * transaction and its first statement, a last statement and the commit. Each piece costs a call of
 * the kernel here and a wake-up of the server there.
 */
export class CoalescingSocket extends Socket {
  #corked = false

  override write(
    data: Uint8Array | string,
    encoding?: BufferEncoding | Done,
    done?: Done,
  ): boolean {
    if (!this.#corked) {
      this.#corked = true
      this.cork()
      // After the microtasks under way: whoever waits for nothing has written by then.
      process.nextTick(() => {
        this.#corked = false
        this.uncork()
      })
    }
    return typeof encoding === 'function'
      ? super.write(data, encoding)
      : super.write(data, encoding, done)
  }
}
