import { reasonOf, type CallJob, type CallReason } from '@callwire/contracts'
import type { BudgetAnswer, RequestHistory } from '@callwire/bus'
import { tenantCountIn } from '@callwire/db'
import { changeStatus, writeReceiptIfDone, type LedgerWork } from '@callwire/ledger'
import { randomFraction } from '@callwire/runtime'
import { recentRequests } from '../account/account-budget.ts'
import type { PhoneAccount } from '../account/phone-account.ts'
import type { DialerDeps } from '../deps.ts'
import { admitAtOnce, placeOf, type Asked } from './admit-at-once.ts'
import { beginDial, isDialable, type Attempt, type Dialable } from './begin-dial.ts'
import { openPersonNumber } from './build-request.ts'
import { countPlaces } from './count-places.ts'
import { decideCap } from './decide-cap.ts'
import { checkOf } from './check-of.ts'
import { decideDial } from './decide-dial.ts'
import { holdCall } from './hold-call.ts'
import { isListed } from './never-call.ts'
import { viewCall, type CallView } from './view-call.ts'

/**
 * Decides whether a woken call is dialed now and, if so, begins the attempt. The account's budget is
 * taken last, so that a request is spent on nothing else, and before the compare-and-swap, so that
 * nothing waits between that and the request. A call that goes as most do needs no lock; any other
 * is decided anew in one transaction, with its head locked from the first look to the
 * compare-and-swap.
 */
export async function admitCall(d: DialerDeps, job: CallJob): Promise<Attempt | null> {
  const admission = await admitAtOnce(d, job)
  if (admission.kind === 'begun') return admission.attempt
  if (admission.kind === 'not_queued') return null
  const { tenantId, callId } = job
  return d.ledger.transactSeen(
    tenantId,
    callId,
    (tx) => viewCall(tx, d, job),
    (w, view) => admit(d, w, { view, asked: admission.asked }),
  )
}

/** A call as it was seen, and what its account's budget has said of it already. */
type Seen<View = CallView> = { view: View; asked: Asked | null }

/**
 * Room that was given longer ago is asked for anew: the account counts from the request, which has
 * to follow within 2 s of the answer.
 */
const roomGoodForMs = 1_000

async function admit(d: DialerDeps, w: LedgerWork, seen: Seen): Promise<Attempt | null> {
  const { view, asked } = seen
  const person = openPersonNumber(d.contentRing, view.call)
  const listed = await isListed(w.tx, d, { view, person })
  const decision = decideDial(checkOf(view, { person, listed }))
  switch (decision.kind) {
    case 'skip':
      return null
    case 'hold':
      return hold(d, w, view, decision)
    case 'fail':
      await failUnsent(d, w, view, decision.reason)
      return null
    case 'dial':
      // Whatever is missing has failed the call already.
      return isDialable(view) ? dial(d, w, { view, asked }, person) : null
  }
}

async function dial(
  d: DialerDeps,
  w: LedgerWork,
  { view, asked: before }: Seen<Dialable>,
  person: string | null,
): Promise<Attempt | null> {
  const { call, account, tenant } = view
  const places = await countPlaces(w, call, { caps: tenant.caps, accountSid: account.sid })
  const full = places && decideCap(tenant.caps, places, randomFraction(d.random))
  if (full !== null) return hold(d, w, view, full)
  const place = placeOf(call)
  const nowMs = d.clock.monotonicMs()
  const isGood = before !== null && (!before.answer.ok || nowMs - before.atMs < roomGoodForMs)
  const { answer, atMs: takenAtMs } = isGood
    ? before
    : { answer: await d.budget.take(account.sid, { place, history: historyIn(w) }), atMs: nowMs }
  if (!answer.ok) return hold(d, w, view, waitForAccount(answer))
  if (d.stopping.aborted || !(await isStillOurs(w, account))) return null
  return beginDial(d, w, { view, person, requestId: answer.id, takenAtMs })
}

/** A second tenant may have come while the budget was asked: its calls would be billed to another. */
async function isStillOurs(w: LedgerWork, account: PhoneAccount): Promise<boolean> {
  return account.kind === 'own' || (await tenantCountIn(w.tx)) === 1
}

async function hold(
  d: Pick<DialerDeps, 'metrics'>,
  w: LedgerWork,
  view: CallView,
  o: { reason: CallReason; delayMs: number | null },
): Promise<null> {
  d.metrics.held(o.reason.code)
  await holdCall(w, view.call, o)
  return null
}

async function failUnsent(
  d: DialerDeps,
  w: LedgerWork,
  view: CallView,
  reason: CallReason,
): Promise<void> {
  d.metrics.refused(reason.code)
  await changeStatus(w, view.call, { status: 'failed', reason })
  await writeReceiptIfDone(w, d.clock.now())
}

/** A budget that has to look back does so on this transaction's connection, not on another. */
function historyIn(w: LedgerWork): RequestHistory {
  return { recent: (sid, withinMs) => recentRequests(w.tx, sid, withinMs) }
}

function waitForAccount(answer: BudgetAnswer & { ok: false }) {
  const seconds = Math.max(1, Math.ceil(answer.aboutMs / 1_000))
  const message =
    answer.why === 'held'
      ? `Exotel asked the account to slow down, for about ${seconds} s.`
      : `Waiting for the account's budget, about ${seconds} s.`
  return { reason: reasonOf('waiting_for_budget', message), delayMs: answer.retryAfterMs }
}
