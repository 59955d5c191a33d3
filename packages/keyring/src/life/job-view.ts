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
