/**
 * Lets at most `width` pieces of work run at a time and `queue` more wait for their turn; whoever
 * comes then gets `onFull`'s error.
 */
export function createGate(o: { width: number; queue: number; onFull: () => Error }) {
  let running = 0
  const waiting: (() => void)[] = []
  const enter = async (): Promise<void> => {
    if (running < o.width) {
      running += 1
      return
    }
    if (waiting.length >= o.queue) throw o.onFull()
    // Whoever leaves hands its place on, so `running` stays as it is.
    await new Promise<void>((resolve) => waiting.push(resolve))
  }
  const leave = (): void => {
    const next = waiting.shift()
    if (next === undefined) running -= 1
    else next()
  }
  return async <T>(work: () => Promise<T>): Promise<T> => {
    await enter()
    try {
      return await work()
    } finally {
      leave()
    }
  }
}
