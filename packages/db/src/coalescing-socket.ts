import { Socket } from 'node:net'

type Done = (error?: Error | null) => void

/**
 * A socket that sends what is written in one go of the event loop in one piece: the statements of a
 * transaction, with all the messages that each is made of. Each piece costs a call of the kernel
 * here and a wake-up of the server there; putting small buffers together costs less than handing
 * each of them on.
 */
export class CoalescingSocket extends Socket {
  #held: Uint8Array[] = []

  override write(
    data: Uint8Array | string,
    encoding?: BufferEncoding | Done,
    done?: Done,
  ): boolean {
    // Whoever wants to be told, or ends the stream behind it, is sent on at once, after the others.
    if (typeof data === 'string' || encoding !== undefined || done !== undefined) {
      this.#send()
      return typeof encoding === 'function'
        ? super.write(data, encoding)
        : super.write(data, encoding, done)
    }
    // After the microtasks under way: whoever waits for nothing has written by then.
    if (this.#held.push(data) === 1) process.nextTick(() => this.#send())
    return !this.writableNeedDrain
  }

  override end(data?: Uint8Array | string | (() => void), ...rest: never[]): this {
    this.#send()
    return super.end(data as string, ...rest)
  }

  #send(): void {
    const [first, ...more] = this.#held
    if (first === undefined) return
    this.#held = []
    super.write(more.length === 0 ? first : Buffer.concat([first, ...more]))
  }
}
