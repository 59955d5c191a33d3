import { callSchema, success } from '@callwire/contracts'
import type { Database } from '@callwire/db'
import { changeStatus, loadCall, writeReceiptIfDone, type Ledger } from '@callwire/ledger'
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
    summary: 'Cancel a call that was not dialed yet',
    params: idParams,
    replies: { 200: success({ call: callSchema }).meta({ description: 'The canceled call' }) },
    handle: async ({ principal, params: { id } }) => {
      const { tenantId } = principal
      checkCallId(id)
      const call = await deps.ledger.transact(tenantId, id, async (w) => {
        const row = await loadCall(w.tx, id)
        if (row === null) throw notFound('call')
        const canceled =
          row.status === 'queued' &&
          (await changeStatus(w, row, {
            status: 'canceled',
            reason: { code: 'canceled', message: 'Canceled before it was dialed.' },
          }))
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
