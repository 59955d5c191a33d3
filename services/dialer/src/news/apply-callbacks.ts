import type { Alert, CallJob } from '@callwire/contracts'
import { callbackInbox, commitBehind } from '@callwire/db'
import { loadCall, type CallRow, type LedgerWork } from '@callwire/ledger'
import { errorFields } from '@callwire/runtime'
import { and, eq, isNotNull } from 'drizzle-orm'
import type { DialerDeps } from '../deps.ts'
import { raiseAlertOnce } from '../raise-alert.ts'
import { applyNews } from './apply-news.ts'
import type { NewsOutcome } from './decide-callback.ts'
import { wasSaidBefore } from './heard-callback.ts'
import { markTaken, pendingCallbacks } from './inbox.ts'
import { isRefusedForGood } from './refused-for-good.ts'
import { readCallback, type InboxRow, type ReadCallback } from './read-callback.ts'

/** One transaction takes this many; what is left is taken by the next wake-up or sweep. */
const batchSize = 50

type Deps = Pick<DialerDeps, 'ledger' | 'clock' | 'contentRing' | 'log' | 'metrics'>
/** `unwritable`: what it says cannot be stored, and never will be. */
type Outcome = NewsOutcome | 'unreadable' | 'invalid' | 'no_call' | 'unwritable'

/**
 * Applies what Exotel said of a call and has not been applied yet, in the order it came. One that
 * the database refuses for good is marked as such, and keeps none of the others.
 */
export async function applyCallbacks(d: Deps, job: CallJob): Promise<void> {
  try {
    await take(d, job, { most: batchSize })
  } catch (error) {
    if (!isRefusedForGood(error)) throw error
    await takeEachAlone(d, job)
  }
}

/** Takes the oldest, at most so many, in one transaction. Gives how many there were. */
async function take(
  d: Deps,
  job: CallJob,
  o: { most: number; onNext?: (callbackId: string) => void },
): Promise<number> {
  const { tenantId, callId } = job
  return d.ledger.transact(tenantId, callId, async (w) => {
    const rows = await pendingCallbacks(w.tx, { tenantId, callId, most: o.most })
    let call: CallRow | null = null
    for (const row of rows) {
      o.onNext?.(row.id)
      // Each callback meets the call as the one before it left it.
      call = await loadCall(w.tx, callId)
      const read = readCallback(d.contentRing, tenantId, row)
      const outcome = await applyOne(d, w, { row, read, call })
      noteTaken(d, w, { id: row.id, outcome, newsHash: read.kind === 'news' ? read.hash : null })
    }
    // Nobody erases a number while we hold the head: the last look is as good as another.
    if (call?.numberErasedAt != null) await forgetTaken(w)
    return rows.length
  })
}

/** Takes what a transaction takes, each in one of its own, so that it shows which is refused. */
async function takeEachAlone(d: Deps, job: CallJob): Promise<void> {
  for (let n = 0; n < batchSize; n += 1) {
    const met: string[] = []
    try {
      const count = await take(d, job, { most: 1, onNext: (id) => void met.push(id) })
      if (count === 0) return
    } catch (error) {
      const [callbackId] = met
      if (callbackId === undefined || !isRefusedForGood(error)) throw error
      d.log.error({ callId: job.callId, callbackId, ...errorFields(error) }, 'callback refused')
      await giveUp(d, job, callbackId)
    }
  }
}

/** Leaves the oldest as it is, unless another took it meanwhile. */
async function giveUp(d: Deps, { tenantId, callId }: CallJob, callbackId: string): Promise<void> {
  await d.ledger.transact(tenantId, callId, async (w) => {
    const [next] = await pendingCallbacks(w.tx, { tenantId, callId, most: 1 })
    if (next?.id !== callbackId) return
    noteTaken(d, w, { id: callbackId, outcome: 'unwritable', newsHash: null })
    const call = await loadCall(w.tx, callId)
    if (call?.numberErasedAt != null) await forgetTaken(w)
  })
}

function noteTaken(
  d: Deps,
  w: LedgerWork,
  o: { id: string; outcome: Outcome; newsHash: string | null },
): void {
  d.log.info({ callId: w.callId, callbackId: o.id, outcome: o.outcome }, 'callback taken')
  const at = new Date(d.clock.now()).toISOString()
  commitBehind(w.tx, markTaken(w.tx, { tenantId: w.tenantId, at, ...o }))
}

/** What Exotel reports holds the person's number: of a call whose number is erased nothing stays. */
async function forgetTaken(w: LedgerWork): Promise<void> {
  await w.tx
    .delete(callbackInbox)
    .where(
      and(
        eq(callbackInbox.tenantId, w.tenantId),
        eq(callbackInbox.callId, w.callId),
        isNotNull(callbackInbox.appliedAt),
      ),
    )
}

async function applyOne(
  d: Deps,
  w: LedgerWork,
  { row, read, call }: { row: InboxRow; read: ReadCallback; call: CallRow | null },
): Promise<Outcome> {
  if (read.kind !== 'news') return read.kind
  if (call === null) return 'no_call'
  const outcome = await applyNews(d, w, call, read.news, () => wasSaidBefore(w, row.id, read.hash))
  if (read.stream?.failed === true && outcome !== 'ignored_sid') {
    await raiseAlertOnce(d, w, streamAlert(read.stream.detail))
  }
  return outcome
}

/** Exotel's word for an account that has as many streams open as it may. */
const throttled = 'streaming_call_throttled'

function streamAlert(detail: string | null): Alert {
  const message =
    detail === throttled
      ? 'Exotel opened no media stream for this call: its account has as many open as it may.'
      : 'The media stream of this call failed at Exotel.'
  return { code: 'stream_failed', severity: 'warn', message }
}
