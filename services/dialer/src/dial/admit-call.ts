import type { CallJob, CallReason } from '@callwire/contracts'
import { changeStatus, writeReceiptIfDone, type LedgerWork } from '@callwire/ledger'
import type { DialerDeps } from '../deps.ts'
import { beginDial, isDialable, type Attempt } from './begin-dial.ts'
import { decideDial } from './decide-dial.ts'
import { holdCall } from './hold-call.ts'
import { viewCall, type CallView } from './view-call.ts'

/** How soon a call of a paused tenant looks again; also how late it may be when dialing resumes. */
const pausedMs = 2_000

type Take = { sid: string; result: { ok: true } | { ok: false; retryAfterMs: number } }

/**
 * Decides whether a woken call is dialed now and, if so, begins the attempt. The account's budget
 * is taken before the compare-and-swap, so that nothing waits between that and the request; the
 * decision is made anew under the call's lock, because the first look may be out of date.
 */
export async function admitCall(d: DialerDeps, job: CallJob): Promise<Attempt | null> {
  const { tenantId, callId } = job
  const look = await d.database.withTenant(tenantId, (tx) => viewCall(tx, d, job))
  if (look === null) return null
  const first = decideDial(look.check)
  if (first.kind === 'skip') return null
  const take = first.kind === 'dial' && isDialable(look) ? await takeBudget(d, look) : null
  if (d.stopping.aborted) return null
  return d.ledger.transact(tenantId, callId, async (w) => {
    const view = await viewCall(w.tx, d, job)
    return view === null ? null : admit(d, w, view, take)
  })
}

async function takeBudget(d: DialerDeps, look: CallView): Promise<Take | null> {
  const sid = look.account?.sid
  return sid === undefined ? null : { sid, result: await d.budget.take(sid) }
}

async function admit(
  d: DialerDeps,
  w: LedgerWork,
  view: CallView,
  take: Take | null,
): Promise<Attempt | null> {
  const decision = decideDial(view.check)
  switch (decision.kind) {
    case 'skip':
      return null
    case 'paused': {
      const reason = { code: 'paused', message: 'Dialing is paused.' }
      await holdCall(w, view.call, { reason, delayMs: pausedMs })
      return null
    }
    case 'fail':
      await failUnsent(d, w, view, decision.reason)
      return null
    case 'dial':
      // Changed since the first look: the next wake-up takes the right account's budget.
      if (!isDialable(view) || take?.sid !== view.account.sid) return null
      if (take.result.ok) return beginDial(d, w, view)
      await holdCall(w, view.call, waitForBudget(take.result.retryAfterMs))
      return null
  }
}

async function failUnsent(
  d: DialerDeps,
  w: LedgerWork,
  view: CallView,
  reason: CallReason,
): Promise<void> {
  await changeStatus(w, view.call, { status: 'failed', reason })
  await writeReceiptIfDone(w, d.clock.now())
}

function waitForBudget(retryAfterMs: number): { reason: CallReason; delayMs: number } {
  const seconds = Math.max(1, Math.ceil(retryAfterMs / 1_000))
  const message = `Waiting for the account's budget, about ${seconds} s.`
  return { reason: { code: 'waiting_for_budget', message }, delayMs: retryAfterMs }
}
