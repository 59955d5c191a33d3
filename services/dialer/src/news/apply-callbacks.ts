import type { CallJob } from '@callwire/contracts'
import { openContent, type ContentRing } from '@callwire/crypto'
import { callbackInbox } from '@callwire/db'
import { parseStatusCallback } from '@callwire/exotel'
import { sealContexts } from '@callwire/keyring'
import { loadCall, type LedgerWork } from '@callwire/ledger'
import { and, asc, eq, isNull } from 'drizzle-orm'
import { z } from 'zod'
import type { DialerDeps } from '../deps.ts'
import { applyNews } from './apply-news.ts'
import type { News, NewsOutcome } from './decide-callback.ts'

/** One transaction takes this many; what is left is taken by the next wake-up or sweep. */
const batchSize = 50

const bodySchema = z.object({ contentType: z.string(), fields: z.record(z.string(), z.unknown()) })

type Deps = Pick<DialerDeps, 'ledger' | 'clock' | 'contentRing' | 'log' | 'metrics'>
type InboxRow = Pick<typeof callbackInbox.$inferSelect, 'id' | 'bodySealed'>

/** Applies what Exotel said of a call and has not been applied yet, in the order it came. */
export async function applyCallbacks(d: Deps, job: CallJob): Promise<void> {
  const { tenantId, callId } = job
  await d.ledger.transact(tenantId, callId, async (w) => {
    const rows = await w.tx
      .select({ id: callbackInbox.id, bodySealed: callbackInbox.bodySealed })
      .from(callbackInbox)
      .where(
        and(
          eq(callbackInbox.tenantId, tenantId),
          eq(callbackInbox.callId, callId),
          isNull(callbackInbox.appliedAt),
        ),
      )
      .orderBy(asc(callbackInbox.receivedAt), asc(callbackInbox.id))
      .limit(batchSize)
    for (const row of rows) {
      const outcome = await applyOne(d, w, row)
      d.log.info({ callId, callbackId: row.id, outcome }, 'callback taken')
      await w.tx
        .update(callbackInbox)
        .set({ appliedAt: new Date(d.clock.now()), outcome })
        .where(and(eq(callbackInbox.tenantId, tenantId), eq(callbackInbox.id, row.id)))
    }
  })
}

async function applyOne(
  d: Deps,
  w: LedgerWork,
  row: InboxRow,
): Promise<NewsOutcome | 'unreadable' | 'invalid' | 'no_call'> {
  const body = openBody(d.contentRing, w.tenantId, row)
  if (body === null) return 'unreadable'
  const news = newsOf(body)
  if (news === null) return 'invalid'
  // Each callback meets the call as the one before it left it.
  const call = await loadCall(w.tx, w.callId)
  return call === null ? 'no_call' : applyNews(d, w, call, news)
}

type Body = z.infer<typeof bodySchema>

function openBody(ring: ContentRing, tenantId: string, row: InboxRow): Body | null {
  try {
    const context = sealContexts.callbackBody(tenantId, row.id)
    const text = openContent(ring, context, row.bodySealed).toString('utf8')
    return bodySchema.parse(JSON.parse(text))
  } catch {
    return null
  }
}

function newsOf(body: Body): News | null {
  const parsed = parseStatusCallback(body.contentType, body.fields)
  if (parsed.kind === 'invalid') return null
  const { callSid, status, durationSeconds, recordingUrl } = parsed.callback
  return { sid: callSid, status, durationSeconds, recordingUrl }
}
