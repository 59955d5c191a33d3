import type { ContentRing, OpenRing } from '@callwire/crypto'
import type { Database } from '@callwire/db'
import type { Clock, Logger } from '@callwire/runtime'

/** What working on a key job takes. */
export type KeyJobsDeps = {
  readonly database: Pick<Database, 'withTenant' | 'keys'>
  readonly credentialRing: OpenRing
  readonly contentRing: ContentRing
  readonly clock: Clock
  readonly log: Logger
  /** This process among all, the same for as long as it lives. */
  readonly owner: string
  /** Aborted when the process is to end: work stops between two rows. */
  readonly stopping: AbortSignal
}
