import type { Call } from '@callwire/contracts'
import { callHeads, calls, phones, type Database } from '@callwire/db'
import { and, desc, eq, isNull } from 'drizzle-orm'

/** Live calls a board shows; the rest is in REST's list. */
const MAX_BOARD = 1_000

/** A tenant's calls that have not ended, newest first, with the other person's number masked. */
export async function loadBoard(
  database: Pick<Database, 'withTenant'>,
  tenantId: string,
): Promise<Call[]> {
  const rows = await database.withTenant(tenantId, (tx) =>
    tx
      .select({
        id: calls.id,
        phoneId: calls.phoneId,
        agentId: calls.agentId,
        direction: calls.direction,
        personMasked: calls.personMasked,
        status: calls.status,
        reasonCode: calls.reasonCode,
        reasonMessage: calls.reasonMessage,
        sid: calls.sid,
        createdAt: calls.createdAt,
        scheduleAt: calls.scheduleAt,
        dialedAt: calls.dialedAt,
        answeredAt: calls.answeredAt,
        ourNumber: phones.number,
        seq: callHeads.seq,
      })
      .from(calls)
      .innerJoin(phones, and(eq(phones.tenantId, calls.tenantId), eq(phones.id, calls.phoneId)))
      .innerJoin(
        callHeads,
        and(eq(callHeads.tenantId, calls.tenantId), eq(callHeads.callId, calls.id)),
      )
      .where(isNull(calls.endedAt))
      .orderBy(desc(calls.createdAt))
      .limit(MAX_BOARD),
  )
  return rows.map((row) => ({
    id: row.id,
    phoneId: row.phoneId,
    agentId: row.agentId,
    direction: row.direction,
    to: row.direction === 'outbound' ? row.personMasked : row.ourNumber,
    from: row.direction === 'outbound' ? row.ourNumber : row.personMasked,
    status: row.status,
    ...(row.reasonCode === null
      ? {}
      : { reason: { code: row.reasonCode, message: row.reasonMessage ?? '' } }),
    ...(row.sid === null ? {} : { sid: row.sid }),
    createdAt: row.createdAt.toISOString(),
    ...moment('scheduleAt', row.scheduleAt),
    ...moment('dialedAt', row.dialedAt),
    ...moment('answeredAt', row.answeredAt),
    seq: row.seq,
  }))
}

function moment<Name extends string>(name: Name, at: Date | null): Partial<Record<Name, string>> {
  return at === null ? {} : ({ [name]: at.toISOString() } as Record<Name, string>)
}
