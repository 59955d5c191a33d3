import type { Metrics } from '@callwire/runtime'

export type DialerMetrics = {
  /** One attempt to place a call ended like this. */
  attempt(outcome: string): void
  /** One look at a queued call left it queued, for this reason. */
  held(reason: string): void
  /** One queued call failed without a request, for this reason. */
  refused(reason: string): void
  /** One piece of news from Exotel was taken like this. */
  news(outcome: string): void
  /** One unknown call was looked for, with this result. */
  reconciled(result: string): void
  alert(code: string): void
  /** So many calls wait for a person now, over all tenants. */
  parked(count: number): void
  /** One check of a phone's credentials was answered like this. */
  check(outcome: string): void
  /** Of so many calls, this kind of thing was erased because its life was over. */
  erased(kind: string, calls: number): void
  /** A run of the sweeper erased everything it found, at this moment (epoch ms). */
  retentionRun(atMs: number): void
  /** The database's clock is so far ahead of this machine's, in ms. */
  clockOffset(ms: number): void
}

export function createDialerMetrics(metrics: Metrics): DialerMetrics {
  const attempts = metrics.counter({
    name: 'callwire_dial_attempts_total',
    help: 'Attempts to place a call, by how they ended',
    labelNames: ['outcome'],
  })
  const held = metrics.counter({
    name: 'callwire_dial_holds_total',
    help: 'Looks at queued calls that left them queued, by what they wait for',
    labelNames: ['reason'],
  })
  const refused = metrics.counter({
    name: 'callwire_dial_refusals_total',
    help: 'Queued calls that failed without a request, by reason',
    labelNames: ['reason'],
  })
  const news = metrics.counter({
    name: 'callwire_call_news_total',
    help: 'Status callbacks and answers about calls, by what became of them',
    labelNames: ['outcome'],
  })
  const reconciled = metrics.counter({
    name: 'callwire_reconciliations_total',
    help: 'Looks for calls of unknown outcome, by result',
    labelNames: ['result'],
  })
  const alerts = metrics.counter({
    name: 'callwire_alerts_total',
    help: 'Alerts raised, by code',
    labelNames: ['code'],
  })
  const parked = metrics.gauge({
    name: 'callwire_calls_parked',
    help: 'Calls that wait for a person to say what became of them, over all tenants',
  })
  const checks = metrics.counter({
    name: 'callwire_credential_checks_total',
    help: "Checks of phones' credentials, by their answer",
    labelNames: ['outcome'],
  })
  const erased = metrics.counter({
    name: 'callwire_retention_erased_total',
    help: 'Calls of which something was erased because its life was over, by what it was',
    labelNames: ['kind'],
  })
  const retentionRun = metrics.gauge({
    name: 'callwire_retention_run_timestamp_seconds',
    help: 'When the sweeper last erased everything whose life was over; epoch seconds',
  })
  const clockOffset = metrics.gauge({
    name: 'callwire_clock_offset_seconds',
    help: "How far the database's clock is ahead of this machine's; behind, when negative",
  })
  return {
    attempt: (outcome) => attempts.inc({ outcome }),
    held: (reason) => held.inc({ reason }),
    refused: (reason) => refused.inc({ reason }),
    news: (outcome) => news.inc({ outcome }),
    reconciled: (result) => reconciled.inc({ result }),
    alert: (code) => alerts.inc({ code }),
    parked: (count) => parked.set(count),
    check: (outcome) => checks.inc({ outcome }),
    erased: (kind, calls) => erased.inc({ kind }, calls),
    retentionRun: (atMs) => retentionRun.set(atMs / 1_000),
    clockOffset: (ms) => clockOffset.set(ms / 1_000),
  }
}
