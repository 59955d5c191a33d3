import type { Metrics } from '@callwire/runtime'

export type CourierMetrics = {
  /** So many messages were found to send. */
  found(messages: number): void
  /** One attempt ended like this. */
  attempt(outcome: string): void
  /** A message got through so long after its fact was found. */
  delivered(seconds: number): void
  disabled(reason: string): void
}

/** Past the usual moments come the waits of the table. */
const buckets = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 30, 300, 1_800, 7_200, 43_200, 259_200]

export function createCourierMetrics(metrics: Metrics, onTheWay: () => number): CourierMetrics {
  const found = metrics.counter({
    name: 'callwire_webhook_messages_total',
    help: 'Messages that were found to send',
  })
  const attempts = metrics.counter({
    name: 'callwire_webhook_attempts_total',
    help: 'Attempts to deliver a message, by how they ended',
    labelNames: ['outcome'],
  })
  const seconds = metrics.histogram({
    name: 'callwire_webhook_delivery_seconds',
    help: 'From finding a fact to its delivery',
    buckets,
  })
  const disabled = metrics.counter({
    name: 'callwire_webhook_endpoints_disabled_total',
    help: 'Endpoints that were turned off, by reason',
    labelNames: ['reason'],
  })
  metrics.gauge({
    name: 'callwire_webhook_messages_on_the_way',
    help: 'Messages on their way now',
    collect() {
      this.set(onTheWay())
    },
  })
  return {
    found: (messages) => found.inc(messages),
    attempt: (outcome) => attempts.inc({ outcome }),
    delivered: (after) => seconds.observe(after),
    disabled: (reason) => disabled.inc({ reason }),
  }
}
