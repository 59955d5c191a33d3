/** What happens to an item that does not fit: it is refused, or the oldest makes room. */
export type OverflowRule = 'reject' | 'drop-oldest'

/**
 * A queue that never grows past `limit`, for one consumer that iterates it. After `close()` the
 * consumer still gets what is in it, then the iteration ends.
 */
export class BoundedQueue<T> implements AsyncIterable<T> {
  readonly #items: T[] = []
  readonly #limit: number
  readonly #overflow: OverflowRule
  #closed = false
  #wake: (() => void) | null = null
  #dropped = 0

  constructor(o: { limit: number; overflow: OverflowRule }) {
    this.#limit = o.limit
    this.#overflow = o.overflow
  }

  get size(): number {
    return this.#items.length
  }

  /** How many items were lost: refused ones, and old ones that made room. */
  get dropped(): number {
    return this.#dropped
  }

  /** True when the item is in the queue; false when it was refused or the queue is closed. */
  push(item: T): boolean {
    if (this.#closed) return false
    if (this.#items.length >= this.#limit) {
      this.#dropped += 1
      if (this.#overflow === 'reject') return false
      this.#items.shift()
    }
    this.#items.push(item)
    this.#notify()
    return true
  }

  close(): void {
    this.#closed = true
    this.#notify()
  }

  async *[Symbol.asyncIterator](): AsyncIterator<T> {
    for (;;) {
      while (this.#items.length > 0) yield this.#items.shift() as T
      if (this.#closed) return
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  #notify(): void {
    const wake = this.#wake
    this.#wake = null
    wake?.()
  }
}
