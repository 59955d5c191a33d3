import { addNeverCallBody, neverCallSchema, success } from '@callwire/contracts'
import type { Database } from '@callwire/db'
import type { Clock } from '@callwire/runtime'
import { first, ok } from '../../http/reply.ts'
import { route } from '../../http/route.ts'
import type { NewId } from '../../new-id.ts'
import { actorOf, type RecordAudit } from '../../record-audit.ts'
import { writtenNumber, type ListedNumbers } from './listed-number.ts'
import { viewNeverCall } from './never-call-view.ts'
import { storeListed, wordsOf } from './store-listed.ts'

export function addNeverCall(deps: {
  database: Pick<Database, 'withTenant'>
  audit: RecordAudit
  newId: NewId
  clock: Pick<Clock, 'now'>
  listed: ListedNumbers
}) {
  return route({
    method: 'POST',
    path: '/never-call',
    access: 'never_call:write',
    tag: 'never-call',
    summary: 'Put a number on the never-call list',
    description:
      'New calls to it are refused with `never_call`, and queued ones fail with it when their turn comes. A number that is listed already keeps its id and gets the new reason and expiry (200).',
    body: addNeverCallBody,
    replies: {
      200: success({ neverCall: neverCallSchema }).meta({ description: 'The replaced entry' }),
      201: success({ neverCall: neverCallSchema }).meta({ description: 'The new entry' }),
    },
    handle: async ({ principal, body }) => {
      const { tenantId } = principal
      const number = writtenNumber('body.number', body.number, body.country)
      const actor = actorOf(principal)
      const words = wordsOf(body, { nowMs: deps.clock.now(), createdBy: actor.id })
      const { row, isNew } = await deps.database.withTenant(tenantId, async (tx) => {
        const { rows, replaced } = await storeListed(tx, {
          tenantId,
          numbers: [number],
          words,
          listed: deps.listed,
          newId: deps.newId,
        })
        const added = first(rows)
        const { id } = added
        await deps.audit(tx, {
          tenantId,
          actor,
          action: replaced.has(id) ? 'never_call.replaced' : 'never_call.added',
          target: { kind: 'never_call', id },
          details: { expiresAt: words.expiresAt?.toISOString() ?? null },
        })
        return { row: added, isNew: !replaced.has(id) }
      })
      return ok(isNew ? 201 : 200, { neverCall: viewNeverCall(row, principal, deps.listed) })
    },
  })
}
