import type { KeyJob } from '@callwire/db'
import { placeNamed, places } from '../places/places.ts'

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
  /** The service that has to go on, while no process of it is at work; null when one is. */
  waitsFor: 'dialer' | 'courier' | null
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
    waitsFor: state === 'running' && job.owner === null ? workerOf(job.place) : null,
    failedRows,
    startedAt,
    finishedAt,
  }
}

/** Who opens the place where a job stands. */
function workerOf(at: KeyJob['place']): 'dialer' | 'courier' {
  const place = at === null ? places[0] : placeNamed(at)
  return place?.ring === 'webhookRing' ? 'courier' : 'dialer'
}

function etaOf(state: KeyJob['state'], left: number, rate: number): number | null {
  if (state === 'done') return 0
  return state === 'paused' || rate === 0 ? null : Math.ceil(left / rate)
}
