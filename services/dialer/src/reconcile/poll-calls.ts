import type { CallJob } from '@callwire/contracts'
import type { DetailsOutcome } from '@callwire/exotel'
import { changeStatus, loadCall, writeReceiptIfDone } from '@callwire/ledger'
import { errorFields } from '@callwire/runtime'
import { heedAnswer } from '../account/account-budget.ts'
import { claimAsking, readAskable, takeForAsking, type Asking } from '../account/read-for-asking.ts'
import type { DialerDeps } from '../deps.ts'
import { applyNews } from '../news/apply-news.ts'
import { legsOf } from '../news/legs.ts'
import { forEachCall } from '../for-each-call.ts'
import { decidePoll } from './decide-poll.ts'
import { createRests, type Rests } from './rests.ts'

/** Wide, because calls whose account has no request to spare stand among the others. */
const batchSize = 500

/**
 * Asks Exotel about live calls of which nothing was heard for long: a callback may be lost. Call the
 * result every round.
 */
export function createPoller(d: DialerDeps): () => Promise<void> {
  const rests = createRests(d.clock)
  return async () => {
    const silent = await d.database.finder.unpolledCalls(d.settings.callPollAfterMs, batchSize)
    const askable = silent.filter(({ callId }) => !rests.rests(callId))
    await forEachCall(askable, d.log, async (job) => {
      if (!d.stopping.aborted) await pollCall(d, job, rests)
    })
  }
}

async function pollCall(d: DialerDeps, job: CallJob, rests: Rests): Promise<void> {
  const askable = await readAskable(d, job)
  const sid = askable?.call.sid ?? null
  if (askable === null || sid === null) return
  const { call } = askable
  const take = await takeForAsking(d, askable)
  if (!take.ok) {
    rests.rest(call.id, take.retryAfterMs)
    return
  }
  const asking = await claimAsking(d, call, { purpose: 'poll', request: take.request })
  if (asking === null) return
  const answer = await ask(d, asking, sid)
  const told = answer?.kind === 'found' ? answer.call : null
  const decision = decidePoll({
    status: told?.status ?? null,
    ageMs: d.clock.now() - (call.dialingAt ?? call.createdAt).getTime(),
    timeLimitSeconds: call.timeLimitSeconds,
  })
  d.log.info({ callId: call.id, result: decision.kind, status: told?.status }, 'silent call polled')
  if (decision.kind === 'wait') return
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
