import { calls, idempotencyKeys } from '@callwire/db'
import { sql } from 'drizzle-orm'

/** A key is good for so long at least, as the API's docs promise. */
export const keyLifeMs = 7 * 86_400_000

/**
 * Whether a row's key counts as never used. One whose call still waits for its dial, or may go back
 * to that, is good as long as it does: repeating its request must not cause a second call. The
 * dialer's sweep forgets by the same rule.
 */
export const keyIsOver = sql`(
  ${idempotencyKeys.createdAt} < now() - ${keyLifeMs}::int8 * interval '1 ms'
  and not exists (
    select from ${calls}
    where ${calls.tenantId} = ${idempotencyKeys.tenantId} and ${calls.id} = ${idempotencyKeys.callId}
      and ${calls.status} in ('queued', 'dialing')
  ))`
