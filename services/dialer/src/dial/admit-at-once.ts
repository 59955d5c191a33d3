import type { BudgetAnswer, BudgetPlace } from '@callwire/bus'
import type { CallJob } from '@callwire/contracts'
import { personIndex } from '@callwire/keyring'
import type { CallRow } from '@callwire/ledger'
import type { DialerDeps } from '../deps.ts'
import { beginAtOnce, isDialable, type Attempt } from './begin-dial.ts'
import { openPersonNumber } from './build-request.ts'
import { checkOf } from './check-of.ts'
import { decideDial } from './decide-dial.ts'
import { lookAtCall, type CallView } from './view-call.ts'

/** What came of it; of a call that is not settled, what its account's budget said, if it was asked. */
export type Admission =
  | { kind: 'begun'; attempt: Attempt }
  | { kind: 'not_queued' }
  | { kind: 'unsettled'; asked: Asked | null }

/** What an account's budget said, and when it was asked, on the monotonic clock. */
export type Asked = { answer: BudgetAnswer; atMs: number }

/**
 * Begins the attempt of a call that goes as most do: nothing speaks against it, no cap has to be
 * counted, and its account's budget has room. It is looked at without a lock, and the
 * compare-and-swap takes effect only if call and head still are as they were seen: so no transaction
 * is held open for budget and decision. Whatever else there is to do about a call takes the lock.
 */
export async function admitAtOnce(d: DialerDeps, job: CallJob): Promise<Admission> {
  const unsettled = { kind: 'unsettled', asked: null } as const
  const found = await lookAtCall(d.database, job)
  if (found === null) return unsettled
  const { head, seen: view } = found
  const person = openPersonNumber(d.contentRing, view.call)
  const decision = decideDial(checkOf(view, { person, listed: view.neverCall.listed }))
  if (decision.kind === 'skip') return { kind: 'not_queued' }
  if (decision.kind !== 'dial' || !isDialable(view) || takesMore(d, view, person)) return unsettled
  const atMs = d.clock.monotonicMs()
  const answer = await d.budget.take(view.account.sid, { place: placeOf(view.call) })
  const asked = { answer, atMs }
  if (!answer.ok || d.stopping.aborted) return { kind: 'unsettled', asked }
  const { tenantId } = job
  const attempt = await beginAtOnce(d, { tenantId, head, view, person, requestId: answer.id })
  return attempt === null ? { kind: 'unsettled', asked } : { kind: 'begun', attempt }
}

/** Whether it takes more than a look: places to count under a cap, or a list kept under another key. */
function takesMore(d: Pick<DialerDeps, 'contentRing'>, view: CallView, person: string | null) {
  const { caps } = view.tenant
  if (caps.tenant !== null || caps.phone !== null || caps.account !== null) return true
  if (!view.neverCall.anybody || person === null) return false
  const { tenantId, personIndex: own } = view.call
  return personIndex(d.contentRing, tenantId, person).some((index) => index !== own)
}

/** A call's place in the line for its account's budget. */
export function placeOf({ id, tenantId, priority }: CallRow): BudgetPlace {
  return { id, tenantId, priority }
}
