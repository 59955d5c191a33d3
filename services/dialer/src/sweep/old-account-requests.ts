import type { DialerDeps } from '../deps.ts'

const batchSize = 5_000
/** A busy minute of thousands of accounts. */
const mostBatches = 100
/** Budgets look back for a minute; the rest is room for clocks and transactions that take their time. */
export const REQUEST_KEPT_MS = 5 * 60_000

/** Forgets requests to accounts that no budget looks back at any more. */
export async function sweepOldAccountRequests(d: Pick<DialerDeps, 'database'>): Promise<void> {
  for (let batch = 0; batch < mostBatches; batch += 1) {
    const gone = await d.database.accountRequests.forget(REQUEST_KEPT_MS, batchSize)
    if (gone < batchSize) return
  }
}
