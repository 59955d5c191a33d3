import { hoursVerdict } from '@callwire/calling-hours'
import type { CallingHours } from '@callwire/contracts'
import { neverCall, tenants, type Tx } from '@callwire/db'
import { and, eq, gt, inArray, isNull, or } from 'drizzle-orm'
import { ApiError } from '../../http/api-error.ts'
import { first } from '../../http/reply.ts'
import type { PersonNumbers } from './person-number.ts'

/** What a tenant says about calling one person at one moment. */
export type CallableFacts = {
  callingHours: CallingHours | null
  /** The entry of its never-call list that holds at that moment. */
  neverCall: { id: string; expiresAt: Date | null } | null
}

/**
 * Refuses a call that its tenant's own rules forbid; the dial asks the same once more.
 *
 * @param o.number - the person's, E.164
 * @param o.atMs - when the call is to be dialed: its `scheduleAt`, else now
 * @throws ApiError `never_call`, or `outside_hours` with `details.opensAt`
 */
export async function checkCallable(
  tx: Tx,
  o: {
    tenantId: string
    number: string
    atMs: number
    numbers: Pick<PersonNumbers, 'index'>
  },
): Promise<void> {
  const index = o.numbers.index(o.tenantId, o.number)
  requireCallable(await readCallable(tx, { ...o, index }), o)
}

async function readCallable(
  tx: Tx,
  o: { tenantId: string; index: readonly string[]; atMs: number },
): Promise<CallableFacts> {
  const listed = and(
    eq(neverCall.tenantId, tenants.tenantId),
    inArray(neverCall.personIndex, [...o.index]),
    or(isNull(neverCall.expiresAt), gt(neverCall.expiresAt, new Date(o.atMs))),
  )
  const rows = await tx
    .select({
      callingHours: tenants.callingHours,
      neverCall: { id: neverCall.id, expiresAt: neverCall.expiresAt },
    })
    .from(tenants)
    .leftJoin(neverCall, listed)
    .where(eq(tenants.tenantId, o.tenantId))
    .limit(1)
  return first(rows)
}

/** The rules alone, for facts that were read before. Throws as {@link checkCallable} does. */
export function requireCallable(facts: CallableFacts, o: { number: string; atMs: number }): void {
  const { neverCall: entry } = facts
  if (entry !== null) {
    const until = entry.expiresAt === null ? '' : ` until ${entry.expiresAt.toISOString()}`
    throw new ApiError(
      'never_call',
      `This number is on the never-call list${until}; it can be called once it was taken off.`,
      { details: { neverCallId: entry.id, expiresAt: entry.expiresAt?.toISOString() ?? null } },
    )
  }
  const verdict = hoursVerdict(facts.callingHours, o.number, o.atMs)
  if (verdict.open) return
  const { opensAtMs, sentence } = verdict
  const advice = opensAtMs === null ? '' : ' A call with a `scheduleAt` from then on is taken.'
  throw new ApiError('outside_hours', `${sentence}${advice}`, {
    details: { opensAt: opensAtMs === null ? null : new Date(opensAtMs).toISOString() },
  })
}
