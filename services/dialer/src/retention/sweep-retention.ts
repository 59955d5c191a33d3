import { errorFields } from '@callwire/runtime'
import type { DialerDeps } from '../deps.ts'
import { raiseTenantAlert } from '../raise-tenant-alert.ts'
import { erasureKinds } from './decide-erasure.ts'
import { BATCH_SIZE, sweepTenant } from './sweep-tenant.ts'

type Deps = Pick<DialerDeps, 'database' | 'clock' | 'random' | 'log' | 'metrics'>

/**
 * One run: erases everything whose life is over, a batch of every tenant before the next of any.
 * What fails for one tenant is said and keeps no other from its turn; the next run tries again.
 *
 * @param signal - ends the run between two batches
 */
export async function sweepRetention(
  d: Deps,
  signal: AbortSignal,
  batchSize = BATCH_SIZE,
): Promise<void> {
  let failed = 0
  let waiting = await d.database.finder.tenantsPastRetention()
  while (waiting.length > 0) {
    const more: string[] = []
    for (const tenantId of waiting) {
      if (signal.aborted) return
      try {
        const swept = await sweepTenant(d, tenantId, batchSize)
        if (swept === null) continue
        for (const kind of erasureKinds) d.metrics.erased(kind, swept.erased[kind])
        d.log.info({ tenantId, ...swept.erased }, 'retention swept')
        if (swept.hasMore) more.push(tenantId)
      } catch (error) {
        failed += 1
        d.log.warn({ tenantId, ...errorFields(error) }, 'retention sweep of a tenant failed')
        await raiseTenantAlert(d, tenantId, { alert: failure, about: {} })
      }
    }
    waiting = more
  }
  if (failed === 0) d.metrics.retentionRun(d.clock.now())
}

const failure = {
  code: 'retention_failed',
  severity: 'page',
  message:
    'What is past its retention could not be erased. It is tried again within about an hour.',
} as const
