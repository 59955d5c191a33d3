import type { Doorbell, DoorbellSubscriber } from '@callwire/bus'
import type { OpenRing } from '@callwire/crypto'
import type { Database } from '@callwire/db'
import type { Clock, Logger, Random } from '@callwire/runtime'
import type { CourierMetrics } from './courier-metrics.ts'
import type { Limits } from './limits.ts'
import type { Sender } from './send/sender.ts'

/** Everything the courier works with; each verb picks what it needs. */
export type CourierDeps = {
  readonly database: Database
  readonly doorbell: Pick<Doorbell, 'ringAlert'>
  readonly subscriber: Pick<DoorbellSubscriber, 'onTenant' | 'onLost'>
  readonly sender: Sender
  readonly webhookRing: OpenRing
  /** `host:port`, past the guard. */
  readonly allowedHosts: readonly string[]
  /** This process among all: whose a claim is. */
  readonly owner: string
  readonly limits: Limits
  readonly metrics: CourierMetrics
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** Aborted when the process is to end: from then on nothing is begun. */
  readonly stopping: AbortSignal
}

/** An endpoint, by its ids. */
export type EndpointId = { readonly tenantId: string; readonly endpointId: string }
