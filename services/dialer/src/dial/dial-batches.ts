import { DbError, mayBeOfOne, type Database, type DialToBegin, type SidToBind } from '@callwire/db'
import { createBatches } from '@callwire/runtime'

/** What is written about calls that go as most do; those of the same moment share a transaction. */
export type DialBatches = {
  /** False, and nothing is done, when the call is not as it was seen. */
  begin(dial: DialToBegin): Promise<boolean>
  /** False, and nothing is done, when the Sid is not simply to be kept. */
  bind(sid: SidToBind): Promise<boolean>
}

/** While they are written the next batch comes together; one that is held up does not hold up all. */
const lanes = 2
/** No more are prepared at a time than pass the gate; of answers as many may come at once. */
const most = 32
/** Requests under way are fewer. */
const mostWaiting = 1_000
/** As long as for a connection. */
const waitMs = 10_000

export function createDialBatches(database: Pick<Database, 'batch'>): DialBatches {
  const together = <Item extends { call_id: string; fence: number }>(
    write: (items: readonly Item[]) => Promise<ReadonlySet<string>>,
  ) =>
    createBatches<Item, boolean>({
      ...{ lanes, most, mostWaiting, waitMs },
      mayRunAlone: mayBeOfOne,
      full: () => new DbError({ code: 'unavailable' }),
      run: async (items) => {
        // Answers are by call: of two attempts at one, the newer may be written here.
        const newest = new Map<string, Item>()
        for (const item of items) {
          const other = newest.get(item.call_id)
          if (other === undefined || other.fence < item.fence) newest.set(item.call_id, item)
        }
        const written = await write([...newest.values()])
        return items.map((item) => {
          const { call_id: callId } = item
          return newest.get(callId) === item && written.has(callId)
        })
      },
    })
  const dials = together<DialToBegin>((items) => database.batch.beginDials(items))
  const sids = together<SidToBind>((items) => database.batch.bindSids(items))
  return { begin: (dial) => dials.add(dial), bind: (sid) => sids.add(sid) }
}
