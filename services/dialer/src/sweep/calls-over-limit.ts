import { loadCall } from '@callwire/ledger'
import type { DialerDeps } from '../deps.ts'
import { forEachCall } from '../for-each-call.ts'
import { raiseAlertOnce } from '../raise-alert.ts'
import { longestCallMs } from '../reconcile/decide-poll.ts'

const batchSize = 500
/** News of an end takes this long at most: its callback, or when that is lost the poller's question. */
const marginMs = 5 * 60_000

type Deps = Pick<DialerDeps, 'database' | 'ledger' | 'log' | 'metrics'>

/**
 * Alerts, once per call, about calls that go on for longer than they may: they cost money, or we
 * believe something that is not so any more. Call the result every round.
 */
export function createOverLimitSweep(d: Deps): () => Promise<void> {
  let said = new Set<string>()
  return async () => {
    const found = await d.database.finder.callsOverLimit(marginMs, longestCallMs, batchSize)
    const news = found.filter(({ callId }) => !said.has(callId))
    said = new Set(found.map(({ callId }) => callId).filter((callId) => said.has(callId)))
    await forEachCall(news, d.log, async ({ tenantId, callId }) => {
      await d.ledger.transact(tenantId, callId, async (w) => {
        const call = await loadCall(w.tx, callId)
        if (call?.status !== 'ringing' && call?.status !== 'in-progress') return
        await raiseAlertOnce(d, w, {
          code: 'call_over_limit',
          severity: 'warn',
          message: overLimit(call.timeLimitSeconds),
        })
      })
      said.add(callId)
    })
  }
}

function overLimit(timeLimitSeconds: number | null): string {
  const limit =
    timeLimitSeconds === null ? "Exotel's four hours" : `its limit of ${timeLimitSeconds} s`
  return `The call goes on for longer than ${limit}, or its end was never reported.`
}
