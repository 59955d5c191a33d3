import { reasonOf, type CallCandidate } from '@callwire/contracts'
import {
  changeStatus,
  loadCall,
  NEEDS_REVIEW,
  NOT_PLACED,
  writeReceiptIfDone,
  type CallRow,
  type LedgerWork,
} from '@callwire/ledger'
import {
  claimAsking,
  readAskable,
  takeForAsking,
  type Askable,
} from '../account/read-for-asking.ts'
import type { DialerDeps } from '../deps.ts'
import { applyNews } from '../news/apply-news.ts'
import { patchCall } from '../patch-call.ts'
import { raiseAlert } from '../raise-alert.ts'
import { createAsker, type Answered } from './ask-about-calls.ts'
import {
  decideReconcile,
  longestWaitMs,
  nextLookAt,
  type Candidate,
  type ReconcileDecision,
  type Search,
} from './decide-reconcile.ts'
import { searchForCall } from './search-for-call.ts'

/** Wide, because calls whose account has no request to spare stand among the others. */
const batchSize = 1_000
/** Nobody compares more by hand, and the row stays small. */
const mostCandidates = 50

/** Finds out what became of calls whose placing had an unknown outcome. Call the result every round. */
export function createReconciler(d: DialerDeps): (ending: AbortSignal) => Promise<void> {
  const { reconcileAfterMs, reconcileGraceMs } = d.settings
  const longestMs = longestWaitMs(reconcileGraceMs)
  return createAsker(d, {
    find: () => d.database.finder.unknownCalls(reconcileAfterMs, longestMs, batchSize),
    read: async (job) => {
      const askable = await readAskable(d, job)
      return askable !== null && isDue(d, askable.call) ? askable : null
    },
    ask: (askable) => reconcileCall(d, askable),
    leave: async ({ call }) => {
      const search = { kind: 'unavailable', refused: false } as const
      await conclude(d, call, search, elapsedMsOf(d, call))
    },
  })
}

async function reconcileCall(d: DialerDeps, askable: Askable): Promise<Answered> {
  const { call } = askable
  const take = await takeForAsking(d, askable)
  if (!take.ok) return { waitMs: take.retryAfterMs }
  const { request } = take
  const asking = await claimAsking(d, call, { purpose: 'reconcile', request })
  if (asking === null) return 'nothing'
  const elapsedMs = elapsedMsOf(d, call)
  const search = await searchForCall(d, asking)
  const result = await conclude(d, call, search, elapsedMs)
  d.metrics.reconciled(result)
  d.log.info({ callId: call.id, result, elapsedMs }, 'unknown call looked for')
  if (asking.account === null) return 'nothing'
  return search.kind === 'unavailable' && search.unanswered ? 'unanswered' : 'answered'
}

function elapsedMsOf(d: DialerDeps, call: CallRow): number {
  return d.clock.now() - (call.dialingAt ?? call.createdAt).getTime()
}

async function conclude(
  d: DialerDeps,
  call: CallRow,
  search: Search,
  elapsedMs: number,
): Promise<ReconcileDecision['kind']> {
  const graceMs = d.settings.reconcileGraceMs
  const decision = decideReconcile(search, { callId: call.id, elapsedMs, graceMs })
  if (decision.kind === 'later') return decision.kind
  await d.ledger.transact(call.tenantId, call.id, async (w) => {
    const now = await loadCall(w.tx, call.id)
    // A callback, a person or another dialer may have settled it meanwhile.
    if (now?.status !== 'unknown' || now.sid !== null || now.fence !== call.fence) return
    if (now.reasonCode === NEEDS_REVIEW) return
    await settle(d, w, now, decision)
  })
  return decision.kind
}

function isDue(d: DialerDeps, call: CallRow): boolean {
  const { status, sid, reasonCode } = call
  if (status !== 'unknown' || sid !== null || reasonCode === NEEDS_REVIEW) return false
  const at = nextLookAt({
    unknownAt: (call.unknownAt ?? call.createdAt).getTime(),
    lastLookAt: call.heardAt?.getTime() ?? null,
    afterMs: d.settings.reconcileAfterMs,
    graceMs: d.settings.reconcileGraceMs,
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
      const reason = reasonOf(NOT_PLACED, 'Exotel has no such call: it was not placed.')
      // The fence goes up: whoever still holds the attempt may not send it any more.
      await changeStatus(w, call, { status: 'failed', reason, fence: call.fence + 1 })
      await writeReceiptIfDone(w, d.clock.now())
      return
    }
    case 'park': {
      const { message } = decision
      const reason = reasonOf(NEEDS_REVIEW, message)
      await changeStatus(w, call, { status: 'unknown', exception: 'annotate', reason })
      const candidates = decision.candidates.slice(0, mostCandidates).map(shownCandidate)
      await patchCall(w, { candidates })
      await raiseAlert(d, w, { code: reason.code, severity: 'warn', message })
    }
  }
}

function shownCandidate({ sid, status, createdAtMs, durationSeconds }: Candidate): CallCandidate {
  const createdAt = createdAtMs === null ? null : new Date(createdAtMs).toISOString()
  return { sid, status, createdAt, durationSeconds }
}
