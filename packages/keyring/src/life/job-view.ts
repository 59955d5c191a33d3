import type { KeyJob } from '@callwire/db'

/** A job as people follow it. */
export type JobView = {
  id: string
  kind: KeyJob['kind']
  toKid: string
  state: KeyJob['state']
  total: number
  done: number
  failed: number
  /** Rows a second, while it worked. */
  rate: number
  /** Seconds; null when unknown. */
  eta: number | null
  failedRows: KeyJob['failedRows']
  startedAt: Date
  finishedAt: Date | null
}

export function viewJob(job: KeyJob): JobView {
  const { id, kind, toKid, state, total, done, failed, failedRows, startedAt, finishedAt } = job
  const rate = job.busyMs === 0 ? 0 : (done + failed) / (job.busyMs / 1_000)
  const left = Math.max(0, total - done - failed)
  return {
    id,
    kind,
    toKid,
    state,
    total,
    done,
    failed,
    rate: Math.round(rate * 10) / 10,
    eta: etaOf(state, left, rate),
    failedRows,
    startedAt,
    finishedAt,
  }
}

function etaOf(state: KeyJob['state'], left: number, rate: number): number | null {
  if (state === 'done') return 0
  return state === 'paused' || rate === 0 ? null : Math.ceil(left / rate)
}
