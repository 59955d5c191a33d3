import { isFinal } from '@callwire/contracts'
import { sealContent } from '@callwire/crypto'
import { sealContexts } from '@callwire/keyring'
import { changeStatus, writeReceiptIfDone, type CallRow, type LedgerWork } from '@callwire/ledger'
import type { DialerDeps } from '../deps.ts'
import { claimSid } from '../claim-sid.ts'
import { patchCall } from '../patch-call.ts'
import { decideCallback, tellsNews, type News, type NewsOutcome } from './decide-callback.ts'
import { reopenCall } from './reopen-call.ts'

type Deps = Pick<DialerDeps, 'clock' | 'contentRing' | 'log' | 'metrics'>

/**
 * Applies one piece of news to a call under its head's lock; each change of status is one event.
 *
 * @param wasSaid - whether the very same was said before; asked only when nothing in it is new
 */
export async function applyNews(
  d: Deps,
  w: LedgerWork,
  call: CallRow,
  news: News,
  wasSaid: () => Promise<boolean> = () => Promise.resolve(false),
): Promise<NewsOutcome> {
  const decision = decideCallback(
    {
      status: call.status,
      sid: call.sid,
      reasonCode: call.reasonCode,
      durationSeconds: call.durationSeconds,
      // What was erased does not come back with late news.
      hasRecordingUrl:
        call.recordingUrlSealed !== null ||
        call.wordsErasedAt !== null ||
        call.numberErasedAt !== null,
      legs: call.legs,
    },
    news,
  )
  const { move, bindSid, durationSeconds, recordingUrl, legs } = decision
  const isOurs = bindSid === undefined || (await claimSid(w, call, bindSid))
  const isRepeat = decision.outcome !== 'ignored_sid' && !tellsNews(decision) && (await wasSaid())
  const outcome = isRepeat ? 'duplicate' : isOurs ? decision.outcome : 'ignored_sid'
  d.metrics.news(outcome)
  if (outcome === 'ignored_sid' || outcome === 'duplicate') return outcome
  const now = new Date(d.clock.now())
  await patchCall(w, {
    heardAt: now,
    ...(bindSid !== undefined && { sid: bindSid }),
    // Exotel speaks of it, so it took it: also when its own reply never came.
    ...(call.dialedAt === null && { dialedAt: now }),
    ...(durationSeconds !== undefined && { durationSeconds }),
    ...(legs !== undefined && { legs }),
    ...(recordingUrl !== undefined && {
      recordingUrlSealed: sealContent(
        d.contentRing,
        sealContexts.recordingUrl(w.tenantId, call.id),
        recordingUrl,
      ),
    }),
  })
  if (move === undefined) return outcome
  if (move.reopens) await reopenCall(d, w, call, move.status)
  else await changeStatus(w, call, { status: move.status })
  if (isFinal(move.status)) await writeReceiptIfDone(w, d.clock.now())
  return outcome
}
