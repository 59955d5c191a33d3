import { setImmediate as breath } from 'node:timers/promises'
import { CryptoError } from '@callwire/crypto'
import type { Tx } from '@callwire/db'
import type { Place, PlacedRow, Resealed } from '../places/place.ts'
import type { KeyJobsDeps } from './key-jobs-deps.ts'

type RowId = { tenantId: string; id: string }

export type BatchResult = {
  /** Rows that did not open. */
  failed: RowId[]
  /** How long reading a tenant's rows took on average, in ms. */
  queryMs: number
}

/** Null: nothing to write. */
type Work = (row: PlacedRow) => Resealed | null

/** Opens every row. Null when the process is to end. */
export function checkBatch(
  d: KeyJobsDeps,
  place: Place,
  rows: readonly RowId[],
): Promise<BatchResult | null> {
  return workBatch(d, place, rows, (row) => {
    row.check(d)
    return null
  })
}

/** Re-seals every row that is not under the key `toKid` yet. Null when the process is to end. */
export function resealBatch(
  d: KeyJobsDeps,
  place: Place,
  rows: readonly RowId[],
  toKid: string,
): Promise<BatchResult | null> {
  return workBatch(d, place, rows, (row) => (row.kid === toKid ? null : row.reseal(d)))
}

/** Tenant by tenant, each in one transaction: read, compute, write. One row that fails stops none. */
async function workBatch(
  d: KeyJobsDeps,
  place: Place,
  rows: readonly RowId[],
  work: Work,
): Promise<BatchResult | null> {
  const failed: RowId[] = []
  const queries: number[] = []
  for (const [tenantId, group] of Map.groupBy(rows, (row) => row.tenantId)) {
    const ids = group.map(({ id }) => id)
    const went = await d.database.withTenant(tenantId, async (tx) => {
      const before = d.clock.monotonicMs()
      const loaded = await place.load(tx, tenantId, ids)
      queries.push(d.clock.monotonicMs() - before)
      return workGroup(tx, { tenantId, loaded, failed, place, work, stopping: d.stopping })
    })
    if (!went) return null
  }
  const queryMs = queries.reduce((sum, ms) => sum + ms, 0) / Math.max(1, queries.length)
  return { failed, queryMs }
}

async function workGroup(
  tx: Tx,
  o: {
    tenantId: string
    loaded: readonly PlacedRow[]
    failed: RowId[]
    place: Place
    work: Work
    stopping: AbortSignal
  },
): Promise<boolean> {
  const { tenantId } = o
  const resealed: Resealed[] = []
  for (const row of o.loaded) {
    // Computing takes the whole thread: between two rows everybody else has a turn.
    await breath()
    if (o.stopping.aborted) return false
    try {
      const result = o.work(row)
      if (result !== null) resealed.push(result)
    } catch (error) {
      if (!(error instanceof CryptoError)) throw error
      o.failed.push({ tenantId, id: row.id })
    }
  }
  await o.place.write(tx, tenantId, resealed)
  return true
}
