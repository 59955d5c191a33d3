import type { Database } from '@callwire/db'
import type { Clock, Logger } from '@callwire/runtime'
import type { OpeningRings } from '../places/place.ts'

/** What working on a key job takes. */
export type KeyJobsDeps = OpeningRings & {
  readonly database: Pick<Database, 'withTenant' | 'keys'>
  readonly clock: Clock
  readonly log: Logger
  /** This process among all, the same for as long as it lives. */
  readonly owner: string
  /** Aborted when the process is to end: work stops between two rows. */
  readonly stopping: AbortSignal
  /** An owner silent for so long is taken for dead. */
  readonly staleMs?: number
}
