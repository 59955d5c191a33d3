/** Puts items that come at about the same time together. */
export type Batches<Item, Result> = {
  /** Settles as the item's own part of its batch does. */
  add(item: Item): Promise<Result>
  /** Runs an item at once, as a batch of one. */
  alone(item: Item): Promise<Result>
}

type Waiting<Item, Result> = {
  item: Item
  sinceMs: number
  resolve: (result: Result) => void
  reject: (error: unknown) => void
}

/**
 * While fewer than `lanes` batches run, what has come in one go of the event loop is a batch, so
 * that somebody who is alone waits for nobody; what comes while all lanes run makes up the next
 * ones. So batches grow with the load, and cost per item falls.
 *
 * @param o.most - items of a batch
 * @param o.mostWaiting - items that wait for a lane; beyond them `add` rejects with `full()`
 * @param o.waitMs - whoever has waited for longer when a lane comes free is rejected so, too
 * @param o.run - gives the results in the order of the items, or fails for all of them
 * @param o.mayRunAlone - whether a fault may be of one item alone, and nothing was done: then each
 * is run by itself, and fails or not for itself
 */
export function createBatches<Item, Result>(o: {
  lanes: number
  most: number
  mostWaiting: number
  waitMs: number
  run: (items: readonly Item[]) => Promise<readonly Result[]>
  mayRunAlone: (error: unknown) => boolean
  full: () => Error
  nowMs?: () => number
}): Batches<Item, Result> {
  let waiting: Waiting<Item, Result>[] = []
  let running = 0
  let isPlanned = false
  const nowMs = o.nowMs ?? (() => performance.now())

  const alone = async (item: Item): Promise<Result> => {
    const [result] = await o.run([item])
    return result as Result
  }

  const settle = async (batch: readonly Waiting<Item, Result>[]): Promise<void> => {
    try {
      const results = await o.run(batch.map(({ item }) => item))
      for (const [index, { resolve }] of batch.entries()) resolve(results[index] as Result)
    } catch (error) {
      if (batch.length > 1 && o.mayRunAlone(error)) {
        await Promise.all(
          batch.map(({ item, resolve, reject }) => alone(item).then(resolve, reject)),
        )
      } else {
        for (const { reject } of batch) reject(error)
      }
    }
  }

  /** Whoever asked for it has given up by then, or should know. */
  const refuseLate = () => {
    const late = nowMs() - o.waitMs
    const inTime = waiting.findIndex(({ sinceMs }) => sinceMs >= late)
    const refused = waiting.splice(0, inTime < 0 ? waiting.length : inTime)
    for (const { reject } of refused) reject(o.full())
  }

  const start = () => {
    isPlanned = false
    refuseLate()
    while (running < o.lanes && waiting.length > 0) {
      const batch = waiting.slice(0, o.most)
      waiting = waiting.slice(o.most)
      running += 1
      void settle(batch).finally(() => {
        running -= 1
        plan()
      })
    }
  }

  /** After the input under way: whoever comes with it belongs to the same batch. */
  const plan = () => {
    if (isPlanned || running >= o.lanes || waiting.length === 0) return
    isPlanned = true
    setImmediate(start)
  }

  return {
    alone,
    add: (item) => {
      if (waiting.length >= o.mostWaiting) return Promise.reject(o.full())
      const { promise, resolve, reject } = Promise.withResolvers<Result>()
      waiting.push({ item, sinceMs: nowMs(), resolve, reject })
      plan()
      return promise
    },
  }
}
