import type { Alert, CallJob } from '@callwire/contracts'
import { callbackInbox, commitBehind } from '@callwire/db'
import { loadCall, type CallRow, type LedgerWork } from '@callwire/ledger'
import { and, eq, isNotNull } from 'drizzle-orm'
import type { DialerDeps } from '../deps.ts'
import { raiseAlertOnce } from '../raise-alert.ts'
import { applyNews } from './apply-news.ts'
import type { NewsOutcome } from './decide-callback.ts'
import { wasSaidBefore } from './heard-callback.ts'
import { markTaken, pendingCallbacks } from './inbox.ts'
import { readCallback, type InboxRow, type ReadCallback } from './read-callback.ts'

/** One transaction takes this many; what is left is taken by the next wake-up or sweep. */
const batchSize = 50

type Deps = Pick<DialerDeps, 'ledger' | 'clock' | 'contentRing' | 'log' | 'metrics'>
type Outcome = NewsOutcome | 'unreadable' | 'invalid' | 'no_call'

/** Applies what Exotel said of a call and has not been applied yet, in the order it came. */
export async function applyCallbacks(d: Deps, job: CallJob): Promise<void> {
  const { tenantId, callId } = job
  await d.ledger.transact(tenantId, callId, async (w) => {
    const rows = await pendingCallbacks(w.tx, { tenantId, callId, most: batchSize })
    let call: CallRow | null = null
    for (const row of rows) {
      // Each callback meets the call as the one before it left it.
      call = await loadCall(w.tx, callId)
      const read = readCallback(d.contentRing, tenantId, row)
      const outcome = await applyOne(d, w, { row, read, call })
      d.log.info({ callId, callbackId: row.id, outcome }, 'callback taken')
      const at = new Date(d.clock.now()).toISOString()
      const newsHash = read.kind === 'news' ? read.hash : null
      commitBehind(w.tx, markTaken(w.tx, { tenantId, id: row.id, at, outcome, newsHash }))
    }
    // Nobody erases a number while we hold the head: the last look is as good as another.
    if (call?.numberErasedAt != null) await forgetTaken(w)
  })
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
