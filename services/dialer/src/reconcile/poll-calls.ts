import { isFinal } from '@callwire/contracts'
import type { DetailsOutcome } from '@callwire/exotel'
import {
  changeStatus,
  loadCall,
  NEEDS_REVIEW,
  takeBackAnswer,
  writeReceiptIfDone,
  type CallRow,
} from '@callwire/ledger'
import { errorFields } from '@callwire/runtime'
import { heedAnswer } from '../account/account-budget.ts'
import {
  claimAsking,
  readAskable,
  takeForAsking,
  type Askable,
  type Asking,
} from '../account/read-for-asking.ts'
import type { DialerDeps } from '../deps.ts'
import { applyNews } from '../news/apply-news.ts'
import { heardCallback } from '../news/heard-callback.ts'
import { legsOf } from '../news/legs.ts'
import { raiseAlert } from '../raise-alert.ts'
import { createAsker, type Answered } from './ask-about-calls.ts'
import { decidePoll, longestPollWaitMs, nextPollAt } from './decide-poll.ts'

/** Wide, because calls whose account has no request to spare stand among the others. */
const batchSize = 500

/**
 * Asks Exotel about live calls of which nothing was heard for long: a callback may be lost. Call the
 * result every round.
 */
export function createPoller(d: DialerDeps): (ending: AbortSignal) => Promise<void> {
  const afterMs = d.settings.callPollAfterMs
  const longestMs = longestPollWaitMs(afterMs)
  return createAsker(d, {
    find: () => d.database.finder.unpolledCalls(afterMs, longestMs, batchSize),
    read: async (job) => {
      const askable = await readAskable(d, job)
      // It may have ended, or been spoken of, while others were asked about.
      return askable !== null && isDue(d, askable.call) ? askable : null
    },
    ask: (askable) => pollCall(d, askable),
  })
}

function isDue(d: DialerDeps, call: CallRow): boolean {
  if (isFinal(call.status) || call.status === 'queued' || call.sid === null) return false
  return nextPollAt(call, d.settings.callPollAfterMs) <= d.clock.now()
}

async function pollCall(d: DialerDeps, askable: Askable): Promise<Answered> {
  const { call } = askable
  const { sid } = call
  if (sid === null) return 'nothing'
  const take = await takeForAsking(d, askable, { yields: true })
  if (!take.ok) return { waitMs: take.retryAfterMs }
  const asking = await claimAsking(d, call, { purpose: 'poll', request: take.request })
  if (asking === null) return 'nothing'
  const answer = await ask(d, asking, sid)
  if (answer?.kind === 'not_found' && (await unbind(d, call, sid))) return 'answered'
  const told = answer?.kind === 'found' ? answer.call : null
  const decision = decidePoll({
    status: told?.status ?? null,
    ageMs: d.clock.now() - (call.dialingAt ?? call.createdAt).getTime(),
    timeLimitSeconds: call.timeLimitSeconds,
  })
  d.log.info({ callId: call.id, result: decision.kind, status: told?.status }, 'silent call polled')
  const answered =
    answer === null ? 'nothing' : answer.kind === 'unavailable' ? 'unanswered' : 'answered'
  if (decision.kind === 'wait') return answered
  await d.ledger.transact(call.tenantId, call.id, async (w) => {
    const now = await loadCall(w.tx, call.id)
    if (now === null) return
    if (decision.kind === 'apply' && told !== null) {
      const { sid, status } = told
      const durationSeconds = told.durationSeconds ?? undefined
      await applyNews(d, w, now, {
        sid,
        status,
        durationSeconds,
        recordingUrl: told.recordingUrl ?? undefined,
        legs: legsOf(told.legs),
      })
    } else {
      const message = 'Exotel never reported the end of this call.'
      await changeStatus(w, now, { status: 'failed', reason: { code: 'no_news', message } })
      await writeReceiptIfDone(w, d.clock.now())
    }
  })
  return answered
}

/** Parks a call again for which a person named a Sid that Exotel does not have; false for others. */
async function unbind(d: DialerDeps, call: CallRow, sid: string): Promise<boolean> {
  if (call.status !== 'ringing') return false
  return d.ledger.transact(call.tenantId, call.id, async (w) => {
    const now = await loadCall(w.tx, call.id)
    if (now?.sid !== sid || (await heardCallback(w)) || !(await takeBackAnswer(w, now)))
      return false
    const message = 'Exotel has no call with the id that was named for this one.'
    await raiseAlert(d, w, { code: NEEDS_REVIEW, severity: 'warn', message })
    d.log.info({ callId: call.id }, 'call parked again')
    return true
  })
}

/** Null when nothing could be asked. */
async function ask(d: DialerDeps, asking: Asking, sid: string): Promise<DetailsOutcome | null> {
  if (asking.account === null) return null
  try {
    const answer = await d.exotel.callDetails(asking.account, sid)
    await heedAnswer(d, asking.account.sid, answer)
    return answer
  } catch (error) {
    d.log.warn({ callId: asking.call.id, ...errorFields(error) }, 'call could not be asked about')
    return null
  }
}
