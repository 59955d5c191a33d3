import { ID_RANDOM_BYTES, newId, type Alert } from '@callwire/contracts'
import { tenantAlerts } from '@callwire/db'
import { errorFields } from '@callwire/runtime'
import type { DialerDeps } from './deps.ts'
import { announceAlert } from './raise-alert.ts'

/**
 * An alert about no call: a row of its tenant's, which its webhooks carry on, a log line and a count.
 * Never rejects: what raised it has an answer of its own to give.
 *
 * @param o.about - ids of what it is about
 */
export async function raiseTenantAlert(
  d: Pick<DialerDeps, 'database' | 'clock' | 'random' | 'log' | 'metrics'>,
  tenantId: string,
  o: { alert: Alert; about: Record<string, string> },
): Promise<void> {
  announceAlert(d, o.alert, o.about)
  const nowMs = d.clock.now()
  const id = newId('alert', { nowMs, random: d.random(ID_RANDOM_BYTES) })
  const { code, severity, message } = o.alert
  const row = { tenantId, id, code, severity, message, about: o.about, at: new Date(nowMs) }
  try {
    await d.database.withTenant(tenantId, (tx) => tx.insert(tenantAlerts).values(row))
  } catch (error) {
    d.log.error({ alert: code, ...errorFields(error) }, 'alert not written down')
  }
}
