import { shownCallSchema, success } from '@callwire/contracts'
import type { Database } from '@callwire/db'
import { ok } from '../../http/reply.ts'
import { idParams, route } from '../../http/route.ts'
import type { RecordAudit } from '../../record-audit.ts'
import { viewRecording } from '../recordings/view-recording.ts'
import { auditReveal } from './audit-reveal.ts'
import type { ViewCall } from './call-view.ts'
import { findCall } from './find-call.ts'

export function getCall(deps: {
  database: Pick<Database, 'withTenant'>
  audit: RecordAudit
  viewCall: ViewCall
}) {
  return route({
    method: 'GET',
    path: '/calls/:id',
    access: 'calls:read',
    tag: 'calls',
    summary: 'Show a call',
    description:
      "The other person's number is masked unless the caller has `pii:read`, which leaves a row in the audit.",
    params: idParams,
    replies: { 200: success({ call: shownCallSchema }).meta({ description: 'The call' }) },
    handle: async ({ principal, params }) => {
      const call = await deps.database.withTenant(principal.tenantId, async (tx) => {
        const row = await findCall(tx, params.id)
        await auditReveal(tx, { audit: deps.audit, principal, callIds: [row.call.id] })
        const recording = await viewRecording(tx, row.call.id)
        return { ...deps.viewCall(row, principal), ...(recording === null ? {} : { recording }) }
      })
      return ok(200, { call })
    },
  })
}
