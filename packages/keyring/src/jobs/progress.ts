import type { KeyJob, SealedPlace } from '@callwire/db'
import type { Clock, Logger } from '@callwire/runtime'

type FailedRow = KeyJob['failedRows'][number]

/** Enough to see what they have in common; the number of all is counted beside. */
const KEPT_FAILURES = 100

/** How far a job is, from what the job's row said when it was taken. */
export type Progress = {
  readonly failed: number
  /**
   * A new count of what is left, instead of what was counted before. The rows that other processes
   * could not open are among those left, and are kept beside what is begun anew.
   */
  recount(o: { left: number; failed: number; own: readonly SealedPlace[] }): void
  /** A batch was worked on. */
  add(batch: { rows: number; failed: readonly FailedRow[] }): void
  /** What has passed since the last mark was work, or was not. */
  mark(kind: 'work' | 'wait'): void
  step(): Pick<KeyJob, 'total' | 'done' | 'failed' | 'failedRows' | 'busyMs'>
}

export function createProgress(job: KeyJob, d: { clock: Clock; log: Logger }): Progress {
  let { total, done, failed, failedRows, busyMs } = job
  let marked = d.clock.monotonicMs()
  const told = new Set(job.failedRows.map(nameOf))

  /** Once in a job's life, also when several processes or passes meet the same row. */
  const tell = (row: FailedRow) => {
    if (told.size >= KEPT_FAILURES || told.has(nameOf(row))) return
    told.add(nameOf(row))
    const { place, tenantId, id: rowId } = row
    d.log.error(
      { alert: 'sealed_row_unreadable', severity: 'page', job: job.id, place, tenantId, rowId },
      'alert raised',
    )
  }

  return {
    get failed() {
      return failed
    },
    recount: ({ left, failed: failedElsewhere, own }) => {
      total = Math.max(total, left)
      done = total - left
      failed = failedElsewhere
      failedRows = failedRows.filter(({ place }) => !own.includes(place))
    },
    add: (batch) => {
      done += batch.rows - batch.failed.length
      failed += batch.failed.length
      total = Math.max(total, done + failed)
      failedRows = [...failedRows, ...batch.failed].slice(0, KEPT_FAILURES)
      for (const row of batch.failed) tell(row)
    },
    mark: (kind) => {
      const now = d.clock.monotonicMs()
      if (kind === 'work') busyMs += now - marked
      marked = now
    },
    step: () => ({ total, done, failed, failedRows, busyMs }),
  }
}

function nameOf({ place, tenantId, id }: FailedRow): string {
  return `${place} ${tenantId} ${id}`
}
