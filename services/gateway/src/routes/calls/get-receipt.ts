import { receiptReply, receiptSchema, type Receipt } from '@callwire/contracts'
import { callEvents, type Database } from '@callwire/db'
import { asc, eq, sql } from 'drizzle-orm'
import { ok } from '../../http/reply.ts'
import { idParams, route } from '../../http/route.ts'
import { requireCall } from './find-call.ts'

const receiptType = 'call.receipt'

/** Only receipts are read out: nobody needs a call's words to prove that they are unchanged. */
const receiptData = sql<
  string | null
>`case when ${callEvents.type} = ${receiptType} then ${callEvents.data} end`

export function getReceipt(deps: { database: Pick<Database, 'withTenant'> }) {
  return route({
    method: 'GET',
    path: '/calls/:id/receipt',
    access: 'calls:read',
    tag: 'calls',
    summary: "A call's receipt, and the commits that prove it",
    description:
      '`receipt` is null before the end; `commits` has one entry per event in seq order; `complete` says that nothing came after the receipt.',
    params: idParams,
    replies: { 200: receiptReply.meta({ description: 'The proof so far' }) },
    handle: async ({ principal, params: { id } }) => {
      const rows = await deps.database.withTenant(principal.tenantId, async (tx) => {
        await requireCall(tx, id)
        return tx
          .select({ type: callEvents.type, commit: callEvents.commit, data: receiptData })
          .from(callEvents)
          .where(eq(callEvents.callId, id))
          .orderBy(asc(callEvents.seq))
      })
      const last = rows.findLast((row) => row.type === receiptType)
      return ok(200, {
        receipt: parseReceipt(last?.data ?? null),
        commits: rows.map((row) => row.commit),
        complete: rows.at(-1)?.type === receiptType,
      })
    },
  })
}

function parseReceipt(text: string | null): Receipt | null {
  return text === null ? null : receiptSchema.parse(JSON.parse(text))
}
