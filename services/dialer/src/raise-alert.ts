import type { Alert } from '@callwire/contracts'
import { callEvents } from '@callwire/db'
import type { LedgerWork } from '@callwire/ledger'
import { and, eq, sql, type SQL } from 'drizzle-orm'
import type { DialerDeps } from './deps.ts'

type Deps = Pick<DialerDeps, 'log' | 'metrics'>

const levels = { info: 'info', warn: 'warn', page: 'error' } as const

/** An alert about a call: an event of the call, a log line and a count. */
export async function raiseAlert(d: Deps, w: LedgerWork, alert: Alert): Promise<void> {
  await w.append({ type: 'alert', data: alert })
  announceAlert(d, alert, { callId: w.callId })
}

/** The same, unless the call has had it: what stays wrong need not be said at every look. */
export async function raiseAlertOnce(d: Deps, w: LedgerWork, alert: Alert): Promise<void> {
  const said = await w.tx
    .select({ seq: callEvents.seq })
    .from(callEvents)
    .where(
      and(
        eq(callEvents.tenantId, w.tenantId),
        eq(callEvents.callId, w.callId),
        isAlert(alert.code),
      ),
    )
    .limit(1)
  if (said.length === 0) await raiseAlert(d, w, alert)
}

/** The log line and the count of an alert. */
export function announceAlert(d: Deps, alert: Alert, about: Record<string, string>): void {
  const { code, severity } = alert
  d.log[levels[severity]]({ ...about, alert: code, severity }, 'alert raised')
  d.metrics.alert(code)
}

/** Events are stored as canonical text (RFC 8785): an alert's begins with its code. */
export function isAlert(code: string): SQL | undefined {
  const start = JSON.stringify({ code }).slice(0, -1)
  return and(eq(callEvents.type, 'alert'), sql`starts_with(${callEvents.data}, ${`${start},`})`)
}
