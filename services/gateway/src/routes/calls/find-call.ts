import { isId } from '@callwire/contracts'
import { callHeads, calls, phones, type Tx } from '@callwire/db'
import { and, eq } from 'drizzle-orm'
import { notFound } from '../../http/api-error.ts'
import { callColumns, type ShownRow } from './call-view.ts'

/** Calls with what it takes to show them. */
export function selectCalls(tx: Tx) {
  return tx
    .select(callColumns)
    .from(calls)
    .innerJoin(phones, and(eq(phones.tenantId, calls.tenantId), eq(phones.id, calls.phoneId)))
    .innerJoin(
      callHeads,
      and(eq(callHeads.tenantId, calls.tenantId), eq(callHeads.callId, calls.id)),
    )
}

/**
 * The call of this tenant.
 *
 * @throws ApiError `not_found`
 */
export async function findCall(tx: Tx, id: string): Promise<ShownRow> {
  checkCallId(id)
  const [row] = await selectCalls(tx).where(eq(calls.id, id))
  if (row === undefined) throw notFound('call')
  return row
}

/** Refuses what cannot be a call's id, as if it were looked for in vain. */
export function checkCallId(id: string): void {
  if (!isId('call', id)) throw notFound('call')
}

/** @throws ApiError `not_found` when this tenant has no such call */
export async function requireCall(tx: Tx, id: string): Promise<void> {
  checkCallId(id)
  const rows = await tx.select({ id: calls.id }).from(calls).where(eq(calls.id, id))
  if (rows.length === 0) throw notFound('call')
}
