import { importNeverCallBody, neverCallImportSchema, success } from '@callwire/contracts'
import type { Database } from '@callwire/db'
import type { Clock } from '@callwire/runtime'
import { ok } from '../../http/reply.ts'
import { route } from '../../http/route.ts'
import type { NewId } from '../../new-id.ts'
import { actorOf, type RecordAudit } from '../../record-audit.ts'
import { writtenNumber, type ListedNumbers } from './listed-number.ts'
import { storeListed, wordsOf } from './store-listed.ts'

export function importNeverCall(deps: {
  database: Pick<Database, 'withTenant'>
  audit: RecordAudit
  newId: NewId
  clock: Pick<Clock, 'now'>
  listed: ListedNumbers
}) {
  return route({
    method: 'POST',
    path: '/never-call/import',
    access: 'never_call:write',
    tag: 'never-call',
    summary: 'Put many numbers on the never-call list',
    description:
      'All of them, or none when one is no number; a number that is listed already gets the new reason and expiry.',
    body: importNeverCallBody,
    replies: {
      200: success({ import: neverCallImportSchema }).meta({ description: 'How many there were' }),
    },
    handle: async ({ principal, body }) => {
      const { tenantId } = principal
      const { country } = body
      const numbers = body.numbers.map((number, n) =>
        writtenNumber(`body.numbers.${String(n)}`, number, country),
      )
      const actor = actorOf(principal)
      const words = wordsOf(body, { nowMs: deps.clock.now(), createdBy: actor.id })
      const counts = await deps.database.withTenant(tenantId, async (tx) => {
        const { rows, replaced } = await storeListed(tx, {
          tenantId,
          numbers: [...new Set(numbers)],
          words,
          listed: deps.listed,
          newId: deps.newId,
        })
        const counted = { added: rows.length - replaced.size, replaced: replaced.size }
        await deps.audit(tx, {
          tenantId,
          actor,
          action: 'never_call.imported',
          details: { ...counted, expiresAt: words.expiresAt?.toISOString() ?? null },
        })
        return counted
      })
      return ok(200, { import: counts })
    },
  })
}
