import { callStatuses, isFinal } from '@callwire/contracts'
import { calls, type Tx } from '@callwire/db'
import { and, inArray, sql } from 'drizzle-orm'
import { ApiError } from '../../http/api-error.ts'

const live = callStatuses.filter((status) => !isFinal(status))

/**
 * Refuses a second call to a person while one is live. Requests about the same person take turns
 * until they commit, since rows that are not there yet cannot be locked.
 *
 * @param index - the person's blind index under every key
 * @throws ApiError `call_already_live` with the id of the live call
 */
export async function refuseIfLive(
  tx: Tx,
  tenantId: string,
  index: readonly string[],
): Promise<void> {
  for (const entry of [...index].sort()) {
    await tx.execute(
      sql`select pg_advisory_xact_lock(hashtextextended(${`live:${tenantId}:${entry}`}, 0))`,
    )
  }
  const [found] = await tx
    .select({ id: calls.id })
    .from(calls)
    .where(and(inArray(calls.personIndex, [...index]), inArray(calls.status, live)))
    .limit(1)
  if (found === undefined) return
  throw new ApiError('call_already_live', 'This person is being called already.', {
    details: { callId: found.id },
  })
}
