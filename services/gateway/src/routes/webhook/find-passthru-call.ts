import { isId } from '@callwire/contracts'
import { calls, phones, type Tx } from '@callwire/db'
import {
  normalizeExotelNumber,
  parsePassthru,
  passthruCustomField,
  passthruNumbers,
} from '@callwire/exotel'
import { and, eq, inArray, isNull } from 'drizzle-orm'
import type { PersonNumbers } from '../calls/person-number.ts'

/** How a call was found; `none` when the query belongs to no call that we know. */
export type FoundBy = 'custom_field' | 'sid' | 'person' | 'none'

/** Ids of calls, wherever one stands in a text: flows carry the field as they like. */
const callIdIn = /cal_[0-9a-z]+/

/**
 * The call of one phone that a Passthru applet speaks of: the one whose id it carries, or whose Sid,
 * or the only one that is on its way to this person and has no Sid yet.
 */
export async function findPassthruCall(
  tx: Tx,
  numbers: Pick<PersonNumbers, 'index'>,
  o: { tenantId: string; phoneId: string; fields: Readonly<Record<string, string>> },
): Promise<{ callId: string | null; by: FoundBy }> {
  const { tenantId, phoneId, fields } = o
  const ofPhone = and(eq(calls.tenantId, tenantId), eq(calls.phoneId, phoneId))
  const onlyOne = async (where: ReturnType<typeof and>) => {
    const [call, another] = await tx.select({ id: calls.id }).from(calls).where(where).limit(2)
    return another === undefined ? (call?.id ?? null) : null
  }

  const named = callIdIn.exec(passthruCustomField(fields) ?? '')?.[0]
  if (named !== undefined && isId('call', named)) {
    const callId = await onlyOne(and(ofPhone, eq(calls.id, named)))
    if (callId !== null) return { callId, by: 'custom_field' }
  }
  const sid = parsePassthru(fields)?.callSid
  if (sid === undefined) return { callId: null, by: 'none' }
  const bySid = await onlyOne(and(ofPhone, eq(calls.sid, sid)))
  if (bySid !== null) return { callId: bySid, by: 'sid' }
  const people = await peopleIn(tx, numbers, o)
  if (people.length > 0) {
    const callId = await onlyOne(
      and(
        ofPhone,
        eq(calls.direction, 'outbound'),
        inArray(calls.status, ['dialing', 'unknown']),
        isNull(calls.sid),
        inArray(calls.personIndex, people),
      ),
    )
    if (callId !== null) return { callId, by: 'person' }
  }
  return { callId: null, by: 'none' }
}

/** What a person's calls are found by, for everybody the query names but the phone itself. */
async function peopleIn(
  tx: Tx,
  numbers: Pick<PersonNumbers, 'index'>,
  o: { tenantId: string; phoneId: string; fields: Readonly<Record<string, string>> },
): Promise<string[]> {
  const [phone] = await tx
    .select({ number: phones.number, country: phones.country })
    .from(phones)
    .where(and(eq(phones.tenantId, o.tenantId), eq(phones.id, o.phoneId)))
  if (phone === undefined) return []
  const named = passthruNumbers(o.fields).flatMap(
    (text) => normalizeExotelNumber(text, phone.country) ?? [],
  )
  return [...new Set(named)]
    .filter((number) => number !== phone.number)
    .flatMap((number) => numbers.index(o.tenantId, number))
}
