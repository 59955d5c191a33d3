import { addNeverCallBody, neverCallSchema, success } from '@callwire/contracts'
import { neverCall, type Database, type Tx } from '@callwire/db'
import { mask } from '@callwire/masking'
import type { Clock } from '@callwire/runtime'
import { eq, inArray, lte, sql } from 'drizzle-orm'
import { invalidField } from '../../http/api-error.ts'
import { first, ok } from '../../http/reply.ts'
import { route } from '../../http/route.ts'
import type { NewId } from '../../new-id.ts'
import { actorOf, type RecordAudit } from '../../record-audit.ts'
import { writtenNumber, type ListedNumbers } from './listed-number.ts'
import { viewNeverCall } from './never-call-view.ts'

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
      const expiresAt = body.expiresAt === undefined ? null : new Date(body.expiresAt)
      if (expiresAt !== null && expiresAt.getTime() <= deps.clock.now()) {
        throw invalidField('body.expiresAt', 'must be in the future')
      }
      const actor = actorOf(principal)
      const values = {
        reason: reasonToKeep(body.reason),
        expiresAt,
        createdBy: actor.id,
        createdAt: sql`now()`,
      }
      const { row, isNew } = await deps.database.withTenant(tenantId, async (tx) => {
        await takeTurn(tx, tenantId)
        const found = await findListed(tx, deps.listed.index(tenantId, number))
        const id = found ?? deps.newId('neverCall')
        const columns = { ...deps.listed.columns(tenantId, id, number), ...values }
        const rows =
          found === null
            ? await tx
                .insert(neverCall)
                .values({ tenantId, id, ...columns })
                .returning()
            : await tx.update(neverCall).set(columns).where(eq(neverCall.id, id)).returning()
        await deps.audit(tx, {
          tenantId,
          actor,
          action: found === null ? 'never_call.added' : 'never_call.replaced',
          target: { kind: 'never_call', id },
          details: { expiresAt: expiresAt?.toISOString() ?? null },
        })
        return { row: first(rows), isNew: found === null }
      })
      return ok(isNew ? 201 : 200, { neverCall: viewNeverCall(row, principal, deps.listed) })
    },
  })
}

const MOST_OF_REASON = 200

/** People write down what was said, numbers too: those are hidden, for a reason is shown to more people. */
function reasonToKeep(reason: string): string {
  return mask(reason).text.slice(0, MOST_OF_REASON)
}

/**
 * One addition to a tenant's list at a time: while a key is being replaced a number has an index
 * under each, and no unique index sees that they are of one number.
 */
async function takeTurn(tx: Tx, tenantId: string): Promise<void> {
  await tx.execute(
    sql`select pg_advisory_xact_lock(hashtextextended(${`never-call:${tenantId}`}, 0))`,
  )
  // What has expired forbids nothing any more; a number is not kept for longer than it must be.
  await tx.delete(neverCall).where(lte(neverCall.expiresAt, sql`now()`))
}

async function findListed(tx: Tx, index: readonly string[]): Promise<string | null> {
  const [row] = await tx
    .select({ id: neverCall.id })
    .from(neverCall)
    .where(inArray(neverCall.personIndex, [...index]))
    .for('update')
  return row?.id ?? null
}
