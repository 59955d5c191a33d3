import { callSchema, success, type CallReason } from '@callwire/contracts'
import { agents, calls, mediaStreams, type Database, type Tx } from '@callwire/db'
import {
  changeStatus,
  loadCall,
  writeReceiptIfDone,
  type CallRow,
  type Ledger,
} from '@callwire/ledger'
import { and, eq, isNull } from 'drizzle-orm'
import { ApiError, notFound } from '../../http/api-error.ts'
import { ok } from '../../http/reply.ts'
import { idParams, route } from '../../http/route.ts'
import { actorOf, type RecordAudit } from '../../record-audit.ts'
import type { ViewCall } from './call-view.ts'
import { checkCallId, findCall } from './find-call.ts'
import { auditReveal } from './audit-reveal.ts'

export function cancelCall(deps: {
  database: Pick<Database, 'withTenant'>
  ledger: Pick<Ledger, 'transact'>
  audit: RecordAudit
  viewCall: ViewCall
}) {
  return route({
    method: 'POST',
    path: '/calls/:id/cancel',
    access: 'calls:place',
    tag: 'calls',
    summary: 'Cancel a call: before its dial, or live while its audio comes here',
    description:
      'A live call of a stream agent ends when its media socket is closed, which follows within seconds; Exotel has no other way to end one.',
    params: idParams,
    replies: { 200: success({ call: callSchema }).meta({ description: 'The canceled call' }) },
    handle: async ({ principal, params: { id } }) => {
      const { tenantId } = principal
      checkCallId(id)
      const call = await deps.ledger.transact(tenantId, id, async (w) => {
        const row = await loadCall(w.tx, id)
        if (row === null) throw notFound('call')
        const reason = await reasonToCancel(w.tx, row)
        const canceled =
          reason !== null && (await changeStatus(w, row, { status: 'canceled', reason }))
        if (!canceled) {
          throw new ApiError('cannot_cancel', 'The call was dialed already, or has ended.', {
            details: { status: row.status },
          })
        }
        await deps.audit(w.tx, {
          tenantId,
          actor: actorOf(principal),
          action: 'call.canceled',
          target: { kind: 'call', id },
        })
        await auditReveal(w.tx, { audit: deps.audit, principal, callIds: [id] })
        await writeReceiptIfDone(w, w.nowMs)
        const shown = await findCall(w.tx, id)
        return deps.viewCall({ ...shown, seq: w.head.seq }, principal)
      })
      return ok(200, { call })
    },
  })
}

/** What a cancellation would be, or null when this call can't be cancelled any more. */
async function reasonToCancel(tx: Tx, call: CallRow): Promise<CallReason | null> {
  if (call.status === 'queued') {
    return { code: 'canceled', message: 'Canceled before it was dialed.' }
  }
  if (call.status !== 'ringing' && call.status !== 'in-progress') return null
  const [live] = await tx
    .select({ id: mediaStreams.id })
    .from(mediaStreams)
    .innerJoin(
      calls,
      and(eq(calls.tenantId, mediaStreams.tenantId), eq(calls.id, mediaStreams.callId)),
    )
    .innerJoin(agents, and(eq(agents.tenantId, calls.tenantId), eq(agents.id, calls.agentId)))
    .where(
      and(
        eq(mediaStreams.callId, call.id),
        isNull(mediaStreams.endedAt),
        eq(agents.kind, 'stream'),
      ),
    )
    .limit(1)
  return live === undefined ? null : { code: 'canceled', message: 'Ended while it was live.' }
}
