import type { CallJob } from '@callwire/contracts'
import {
  changeStatus,
  loadCall,
  NOT_PLACED,
  writeReceiptIfDone,
  type CallRow,
  type LedgerWork,
} from '@callwire/ledger'
import { claimAsking, readAskable } from '../account/read-for-asking.ts'
import type { DialerDeps } from '../deps.ts'
import { applyNews } from '../news/apply-news.ts'
import { raiseAlert } from '../raise-alert.ts'
import { forEachCall } from '../for-each-call.ts'
import { decideReconcile, nextLookAt, type ReconcileDecision } from './decide-reconcile.ts'
import { searchForCall } from './search-for-call.ts'

/** Wide, because calls that wait for their next look stand among those that are due. */
const batchSize = 1_000

/** Finds out what became of calls whose placing had an unknown outcome. */
export async function reconcileCalls(d: DialerDeps): Promise<void> {
  const unknown = await d.database.finder.unknownCalls(batchSize)
  await forEachCall(unknown, d.log, async (job) => {
    if (!d.stopping.aborted) await reconcileCall(d, job)
  })
}

async function reconcileCall(d: DialerDeps, job: CallJob): Promise<void> {
  const askable = await readAskable(d, job)
  if (askable === null || !isDue(d, askable.call)) return
  const { call, accountSid } = askable
  if (accountSid !== null && !(await d.budget.take(accountSid)).ok) return
  const asking = await claimAsking(d, call, 'reconcile')
  if (asking === null) return
  const elapsedMs = d.clock.now() - (call.dialingAt ?? call.createdAt).getTime()
  const search = await searchForCall(d, asking)
  const graceMs = d.settings.reconcileGraceMs
  const decision = decideReconcile(search, { callId: call.id, elapsedMs, graceMs })
  d.metrics.reconciled(decision.kind)
  d.log.info({ callId: call.id, result: decision.kind, elapsedMs }, 'unknown call looked for')
  if (decision.kind === 'later') return
  await d.ledger.transact(call.tenantId, call.id, async (w) => {
    const now = await loadCall(w.tx, call.id)
    // A callback, a person or another dialer may have settled it meanwhile.
    if (now?.status !== 'unknown' || now.sid !== null || now.fence !== call.fence) return
    await settle(d, w, now, decision)
  })
}

function isDue(d: DialerDeps, call: CallRow): boolean {
  if (call.status !== 'unknown' || call.sid !== null) return false
  const at = nextLookAt({
    unknownAt: (call.unknownAt ?? call.createdAt).getTime(),
    lastLookAt: call.heardAt?.getTime() ?? null,
    afterMs: d.settings.reconcileAfterMs,
  })
  return at <= d.clock.now()
}

async function settle(
  d: DialerDeps,
  w: LedgerWork,
  call: CallRow,
  decision: Exclude<ReconcileDecision, { kind: 'later' }>,
): Promise<void> {
  switch (decision.kind) {
    case 'adopt':
      await applyNews(d, w, call, { sid: decision.sid, status: decision.status })
      return
    case 'not_placed': {
      const message = 'Exotel has no such call: it was not placed.'
      const reason = { code: NOT_PLACED, message }
      // The fence goes up: whoever still holds the attempt may not send it any more.
      await changeStatus(w, call, { status: 'failed', reason, fence: call.fence + 1 })
      await writeReceiptIfDone(w, d.clock.now())
      return
    }
    case 'park': {
      const { message } = decision
      const reason = { code: 'needs_review', message }
      await changeStatus(w, call, { status: 'unknown', exception: 'annotate', reason })
      await raiseAlert(d, w, { code: reason.code, severity: 'warn', message })
    }
  }
}
