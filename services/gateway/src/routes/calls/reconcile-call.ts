import { callSchema, reconcileCallBody, success } from '@callwire/contracts'
import type { Database } from '@callwire/db'
import { answerParkedCall, loadCall, type Ledger } from '@callwire/ledger'
import { ApiError, notFound } from '../../http/api-error.ts'
import { ok } from '../../http/reply.ts'
import { idParams, route } from '../../http/route.ts'
import { actorOf, type RecordAudit } from '../../record-audit.ts'
import { auditReveal } from './audit-reveal.ts'
import type { ViewCall } from './call-view.ts'
import { checkCallId, findCall } from './find-call.ts'

export function reconcileCall(deps: {
  database: Pick<Database, 'withTenant'>
  ledger: Pick<Ledger, 'transact'>
  audit: RecordAudit
  viewCall: ViewCall
}) {
  return route({
    method: 'POST',
    path: '/calls/:id/reconcile',
    access: 'calls:reconcile',
    tag: 'calls',
    summary: 'Say what became of a parked call',
    description:
      "A call is parked (`unknown`, reason `needs_review`) when Exotel does not tell whether it placed it, and its lists do not either. `sid` names Exotel's call that this one is, and its status follows; `notPlaced` says that there is none, and this one fails. Nothing is dialed either way.",
    params: idParams,
    body: reconcileCallBody,
    replies: { 200: success({ call: callSchema }).meta({ description: 'The changed call' }) },
    handle: async ({ principal, params: { id }, body }) => {
      const { tenantId } = principal
      checkCallId(id)
      const call = await deps.ledger.transact(tenantId, id, async (w) => {
        const row = await loadCall(w.tx, id)
        if (row === null) throw notFound('call')
        const { status } = row
        const verdict = await answerParkedCall(w, row, body)
        if (verdict === 'not_parked') {
          throw new ApiError(
            'conflict',
            'This call does not wait for a person; it can be shown as it is.',
            {
              details: { status },
            },
          )
        }
        if (verdict === 'sid_taken') {
          throw new ApiError(
            'conflict',
            'Another call has that Sid; compare it with `GET /calls?sid=`.',
            { details: { status } },
          )
        }
        await deps.audit(w.tx, {
          tenantId,
          actor: actorOf(principal),
          action: 'call.reconciled',
          target: { kind: 'call', id },
          details: 'sid' in body ? { sid: body.sid } : { notPlaced: true },
        })
        await auditReveal(w.tx, { audit: deps.audit, principal, callIds: [id] })
        const shown = await findCall(w.tx, id)
        return deps.viewCall({ ...shown, seq: w.head.seq }, principal)
      })
      return ok(200, { call })
    },
  })
}
