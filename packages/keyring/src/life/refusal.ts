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
