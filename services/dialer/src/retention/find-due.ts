import type { CallStatus } from '@callwire/contracts'
import {
  callHeads,
  calls,
  mediaStreams,
  recordings,
  tenants,
  transcriptions,
  type Tx,
} from '@callwire/db'
import { sql, type SQL } from 'drizzle-orm'
import type { ErasureFacts, Lives } from './decide-erasure.ts'

/** A call with what its erasure is decided by. */
export type FoundCall = ErasureFacts & { callId: string }

/**
 * A recording is begun while its call goes on, or as long after it as audio that nobody has read may
 * live, which is a week: one that was made later is of no call that ended before.
 */
const begunWithinDays = 8

/**
 * Calls with something whose life is over, at most `limit` of each kind and of all, those that ended
 * first first. Nothing is locked yet: what they are named for is decided by {@link lockCalls}.
 */
export async function findDue(tx: Tx, tenantId: string, limit: number): Promise<string[]> {
  const over = (life: SQL) =>
    sql`c.ended_at < now() - (select ${life} from ${tenants} t where t.tenant_id = ${tenantId})
      * interval '24 hours'`
  // As the finder has it: what waits for its receipt must not stand in the way of the others.
  const closed = sql`exists (select from ${callHeads} h where h.tenant_id = c.tenant_id
    and h.call_id = c.id and h.last_type = 'call.receipt')`
  const inOrder = sql`order by c.ended_at, c.id limit ${limit}`
  const { rows } = await tx.execute<{ id: string }>(sql`
    select due.id from (
      (select c.id, c.ended_at from ${calls} c where c.tenant_id = ${tenantId}
        and c.words_erased_at is null and ${over(sql`t.retain_words_days`)} and ${closed}
        ${inOrder})
      union
      (select c.id, c.ended_at from ${calls} c where c.tenant_id = ${tenantId}
        and c.number_erased_at is null and ${over(sql`t.retain_numbers_days`)} and ${closed}
        ${inOrder})
      union
      (select c.id, c.ended_at from ${recordings} r
        join ${calls} c on c.tenant_id = r.tenant_id and c.id = r.call_id
        where r.tenant_id = ${tenantId} and r.erased_at is null
          and r.created_at < now() - (select t.retain_recordings_days - ${begunWithinDays}::int
            from ${tenants} t where t.tenant_id = ${tenantId}) * interval '24 hours'
          and ${over(sql`t.retain_recordings_days`)} and ${closed}
        ${inOrder})
    ) due order by due.ended_at, due.id limit ${limit}`)
  return rows.map(({ id }) => id)
}

/**
 * Locks the heads of these calls and reads what their erasure is decided by. A head that somebody
 * else holds is left out: something is being said of that call just now.
 */
export async function lockCalls(
  tx: Tx,
  tenantId: string,
  callIds: readonly string[],
): Promise<FoundCall[]> {
  const locked = await tx.execute<{ id: string }>(sql`
    select h.call_id as id from ${callHeads} h
    where h.tenant_id = ${tenantId} and h.call_id = any (${textArray(callIds)})
    order by h.call_id for no key update skip locked`)
  // A statement of its own: it sees what was committed before the locks were had.
  const { rows } = await tx.execute<Row>(sql`
    select c.id, c.status, (extract(epoch from c.ended_at) * 1000)::float8 as "endedAtMs",
      h.last_type as "lastType",
      exists (select from ${transcriptions} t where t.tenant_id = c.tenant_id
        and t.call_id = c.id and t.state = 'pending') as "isTranscribing",
      exists (select from ${mediaStreams} m where m.tenant_id = c.tenant_id
        and m.call_id = c.id and m.ended_at is null) as "hasOpenStream",
      exists (select from ${recordings} r where r.tenant_id = c.tenant_id
        and r.call_id = c.id and r.erased_at is null) as "recordings",
      c.words_erased_at is null as "words",
      c.number_erased_at is null as "numbers"
    from ${calls} c join ${callHeads} h on h.tenant_id = c.tenant_id and h.call_id = c.id
    where c.tenant_id = ${tenantId}
      and c.id = any (${textArray(locked.rows.map(({ id }) => id))})`)
  return rows.map(({ id, words, numbers, recordings: recorded, ...facts }) => ({
    ...facts,
    callId: id,
    holds: { words, numbers, recordings: recorded },
  }))
}

type Row = Omit<ErasureFacts, 'holds'> & {
  id: string
  status: CallStatus
  recordings: boolean
  words: boolean
  numbers: boolean
}

/** How long the tenant keeps things by now, and what time the database has. */
export async function readLives(
  tx: Tx,
  tenantId: string,
): Promise<{ lives: Lives; nowMs: number }> {
  const [row] = await tx
    .select({
      recordings: tenants.retainRecordingsDays,
      words: tenants.retainWordsDays,
      numbers: tenants.retainNumbersDays,
      nowMs: sql<number>`(extract(epoch from now()) * 1000)::float8`,
    })
    .from(tenants)
    .where(sql`${tenants.tenantId} = ${tenantId}`)
  const { nowMs = 0, ...lives } = row ?? { recordings: null, words: null, numbers: null }
  return { lives, nowMs }
}

/** One parameter, whatever the number of texts. */
export function textArray(texts: readonly string[]): SQL {
  return sql`${sql.param(texts)}::text[]`
}
