import type { Alert } from '@callwire/contracts'
import type { LedgerWork } from '@callwire/ledger'
import type { DialerDeps } from './deps.ts'

/** An alert about a call: an event of the call, a log line and a count. */
export async function raiseAlert(
  d: Pick<DialerDeps, 'log' | 'metrics'>,
  w: LedgerWork,
  alert: Alert,
): Promise<void> {
  await w.append({ type: 'alert', data: alert })
  const level = alert.severity === 'page' ? 'error' : 'warn'
  d.log[level]({ callId: w.callId, alert: alert.code, severity: alert.severity }, 'alert raised')
  d.metrics.alert(alert.code)
}
