import type { JobView } from './job-view.ts'

/** A live process that holds rings, as it last told. */
export type KeyProcess = {
  instance: string
  service: string
  kids: string[]
  /** The key it seals with. */
  primary: string
  seenAt: Date
}

/** Why a step in a key's life cannot be taken now. */
export type KeyRefusal =
  | { kind: 'unknown_key'; kid: string }
  | { kind: 'not_introduced'; kid: string }
  | { kind: 'not_held'; kid: string; processes: KeyProcess[] }
  | { kind: 'already_primary'; kid: string }
  | { kind: 'is_primary'; kid: string }
  | { kind: 'in_use'; kid: string; rows: number }
  | { kind: 'not_verified'; kid: string }
  | { kind: 'job_running'; job: JobView }
  | { kind: 'no_job' }
  | { kind: 'calls_open'; kid: string; count: number }
  | { kind: 'retired'; kid: string }
  /** No key was ever promoted, and the processes seal with different ones, or none is running. */
  | { kind: 'primary_unclear'; processes: KeyProcess[] }

/** The refusal as one sentence for a person, the same in every place that tells it. */
export function refusalSentence(refusal: KeyRefusal): string {
  switch (refusal.kind) {
    case 'unknown_key':
      return `No process holds a key ${refusal.kid}, and no row names one.`
    case 'not_introduced':
      return `Key ${refusal.kid} has not been introduced.`
    case 'not_held':
      return refusal.processes.length === 0
        ? `No process is running that could show it holds key ${refusal.kid}.`
        : `Key ${refusal.kid} is not held by ${named(refusal.processes)}.`
    case 'already_primary':
      return `Key ${refusal.kid} is the primary already.`
    case 'is_primary':
      return `Key ${refusal.kid} is the primary: promote another first.`
    case 'in_use':
      return `${refusal.rows} rows are sealed under key ${refusal.kid}: rotate first.`
    case 'not_verified':
      return `Not every row has been opened since the last promotion and rotation: verify before key ${refusal.kid} goes.`
    case 'job_running':
      return `A ${refusal.job.kind} job is ${refusal.job.state}: ${refusal.job.done} of ${refusal.job.total} rows are done.`
    case 'no_job':
      return 'No job is open.'
    case 'calls_open':
      return `${refusal.count} calls are still going on whose callbacks key ${refusal.kid} may have signed.`
    case 'retired':
      return `Key ${refusal.kid} is retired.`
    case 'primary_unclear':
      return refusal.processes.length === 0
        ? 'No process is running, so it is not known which key seals.'
        : `The processes seal with different keys: ${refusal.processes.map((p) => `${p.service} with ${p.primary}`).join(', ')}.`
  }
}

function named(processes: readonly KeyProcess[]): string {
  return processes.map((process) => `${process.service} (${process.instance})`).join(', ')
}
