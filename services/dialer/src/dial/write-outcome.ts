import type { Alert } from '@callwire/contracts'
import {
  changeStatus,
  loadCall,
  writeReceiptIfDone,
  type CallRow,
  type LedgerWork,
} from '@callwire/ledger'
import { AppError, errorFields, randomFraction } from '@callwire/runtime'
import { holdAccount } from '../account/account-budget.ts'
import { integrityAlert } from '../account/integrity-alert.ts'
import type { DialerDeps } from '../deps.ts'
import { claimSid } from '../claim-sid.ts'
import { applyNews } from '../news/apply-news.ts'
import { forgetIgnored, heardCallback } from '../news/heard-callback.ts'
import { patchCall } from '../patch-call.ts'
import { raiseAlert } from '../raise-alert.ts'
import type { Attempt } from './begin-dial.ts'
import { bindAtOnce } from './bind-at-once.ts'
import { recordVerdict } from './breaker.ts'
import { decideOutcome, type AttemptOutcome, type OutcomeDecision } from './decide-outcome.ts'
import { requeueCall } from './hold-call.ts'

/** A restart of Postgres takes seconds; what is not written by then the sweeper and reconciler find out. */
const retryWaitsMs = [100, 250, 500, 1_000, 2_000, 4_000]

/** Writes down how an attempt ended, trying again while Postgres is away. */
export async function writeOutcome(
  d: DialerDeps,
  attempt: Attempt,
  outcome: AttemptOutcome,
): Promise<void> {
  const fraction = randomFraction(d.random)
  const decision = decideOutcome(outcome, { attempt: attempt.call.attempt, fraction })
  if (outcome.kind === 'rate_limited') {
    await holdAccount(d, attempt.account.sid, outcome.retryAfterMs)
  }
  for (const waitMs of [...retryWaitsMs, null]) {
    try {
      if (decision.kind === 'placed' && (await bindAtOnce(d, attempt, decision.sid))) return
      await d.ledger.transact(attempt.tenantId, attempt.call.id, async (w) => {
        const call = await loadCall(w.tx, attempt.call.id)
        if (call !== null) await apply(d, w, { attempt, call, decision })
      })
      return
    } catch (error) {
      const fields = { callId: attempt.call.id, ...errorFields(error) }
      d.log.warn(fields, 'outcome of a dial attempt not written')
      if (waitMs === null || !(error instanceof AppError && error.retryable)) return
      await d.clock.sleep(waitMs)
    }
  }
}

type Writing = { attempt: Attempt; call: CallRow; decision: OutcomeDecision }

async function apply(d: DialerDeps, w: LedgerWork, o: Writing): Promise<void> {
  const { attempt, call, decision } = o
  if (call.fence !== attempt.fence) {
    // The attempt was taken from us, but what Exotel said of the call is true all the same.
    if (decision.kind === 'placed') {
      await applyNews(d, w, call, { sid: decision.sid, status: 'ringing' })
    }
    return
  }
  if (call.sid !== null && decision.kind !== 'placed') {
    // A callback was faster: Exotel has the call, whatever became of the answer.
    d.log.warn({ callId: call.id, outcome: decision.kind }, 'outcome overtaken by a callback')
    return
  }
  switch (decision.kind) {
    case 'placed':
      return bindPlaced(d, w, o, decision.sid)
    case 'fail':
      return fail(d, w, o, decision)
    case 'requeue':
      if (call.status === 'dialing') await requeueCall(w, call, decision)
      return
    case 'unknown':
      if (call.status !== 'dialing') return
      await changeStatus(w, call, { status: 'unknown', reason: decision.reason })
      return
  }
}

/**
 * Keeps the Sid of a call of which something was heard already. The status stays: Exotel's reply says in-progress before anything rings. The
 * reply outweighs a Sid that only a media socket named.
 */
async function bindPlaced(
  d: DialerDeps,
  w: LedgerWork,
  { attempt, call }: Writing,
  sid: string,
): Promise<void> {
  const now = new Date(d.clock.now())
  const phone = { tenantId: w.tenantId, id: call.phoneId }
  await recordVerdict(w.tx, phone, { verdict: 'accepted', judged: attempt.account })
  if (call.sid !== null && call.sid !== sid && (await heardCallback(w))) {
    const message = 'Exotel gave this call another id than its callback had.'
    await raiseAlert(d, w, { code: 'sid_conflict', severity: 'page', message })
    return
  }
  if (!(await claimSid(w, call, sid))) {
    const message = 'Exotel gave this call the id of another call; it is being asked.'
    if (call.sid === null && call.status === 'dialing') {
      await changeStatus(w, call, { status: 'unknown', reason: { code: 'sid_conflict', message } })
    }
    await raiseAlert(d, w, { code: 'sid_conflict', severity: 'page', message })
    return
  }
  // What came under this Sid while the call had another is news after all.
  if (call.sid !== null && call.sid !== sid) await forgetIgnored(w)
  await patchCall(w, { sid, dialedAt: call.dialedAt ?? now, heardAt: now })
}

async function fail(
  d: DialerDeps,
  w: LedgerWork,
  { attempt, call }: Writing,
  decision: OutcomeDecision & { kind: 'fail' },
): Promise<void> {
  const phone = { tenantId: w.tenantId, id: call.phoneId }
  const opened = await recordVerdict(w.tx, phone, {
    verdict: decision.credentials,
    judged: attempt.account,
  })
  if (call.status === 'dialing') {
    await changeStatus(w, call, { status: 'failed', reason: decision.reason })
  }
  if (decision.page) await raiseAlert(d, w, integrityAlert)
  if (opened) await raiseAlert(d, w, breakerAlert)
  await writeReceiptIfDone(w, d.clock.now())
}

const breakerAlert: Alert = {
  code: 'breaker_open',
  severity: 'warn',
  message: 'Exotel refused this phone number twice in a row; its calls fail until it is reset.',
}
