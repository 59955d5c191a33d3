import { ID_RANDOM_BYTES, newId, normalizePhoneNumber } from '@callwire/contracts'
import { createDataKey, sealContent } from '@callwire/crypto'
import { callKeys, calls, isUniqueViolation, phones, type Tx } from '@callwire/db'
import { personIndex, sealContexts } from '@callwire/keyring'
import { maskPhoneNumber } from '@callwire/masking'
import { and, eq, sql } from 'drizzle-orm'
import {
  addStream,
  burnToken,
  type OpenDeps,
  type OpenOutcome,
  type StreamMark,
  type StreamStart,
} from './open-stream.ts'
import { hasStreamRoom } from './stream-cap.ts'

/** What a caller who hides their number is stored as. */
const NO_NUMBER = 'anonymous'
const longestNumber = 32

/**
 * Makes the row of a call that somebody made to one of our phones, in progress from its `start`,
 * and its first stream. `raced` when another socket made the call of this sid meanwhile.
 *
 * @throws DbError, LedgerError
 */
export async function openInbound(
  deps: OpenDeps,
  o: {
    tenantId: string
    phoneId: string
    tokenId: string | null
    start: StreamStart & { from: string | null }
    mark: StreamMark
  },
): Promise<OpenOutcome | { kind: 'raced' }> {
  const { ledger, contentRing, clock, random } = deps
  const { tenantId, phoneId, start } = o
  const callId = newId('call', { nowMs: clock.now(), random: random(ID_RANDOM_BYTES) })
  try {
    return await ledger.open(tenantId, callId, async (work) => {
      if (!(await hasStreamRoom(work.tx, tenantId, callId))) throw new Refused('over_cap')
      const phone = await readPhone(work.tx, tenantId, phoneId)
      const person = personOf(start.from, phone?.country ?? 'IN')
      const { dataKey, wrapped } = createDataKey(contentRing, { tenantId, callId })
      await work.tx.insert(calls).values({
        tenantId,
        id: callId,
        phoneId,
        agentId: phone?.agentId ?? null,
        direction: 'inbound',
        // In one breath with the index: a row's two columns are under one key.
        personSealed: sealContent(contentRing, sealContexts.person(tenantId, callId), person),
        personIndex: personIndex(contentRing, tenantId, person)[0] ?? '',
        personMasked: maskPhoneNumber(person),
        status: 'in-progress',
        sid: start.callSid,
        answeredAt: sql`now()`,
        heardAt: sql`now()`,
      })
      await work.tx.insert(callKeys).values({ tenantId, callId, wrapped })
      if (o.tokenId !== null && !(await burnToken(work.tx, tenantId, o.tokenId))) {
        throw new Refused('token_used')
      }
      await work.append({ type: 'call.status', data: { status: 'in-progress', previous: null } })
      return addStream(work, { dataKey, isInbound: true, start, mark: o.mark })
    })
  } catch (error) {
    if (error instanceof Refused) return { kind: error.kind }
    if (isUniqueViolation(error, 'calls_sid')) return { kind: 'raced' }
    throw error
  }
}

/** Rolls the transaction back: a call row without a socket would be live for ever. */
class Refused extends Error {
  readonly kind: 'token_used' | 'over_cap'

  constructor(kind: 'token_used' | 'over_cap') {
    super(kind)
    this.kind = kind
  }
}

/** E.164 where the text is a number, else the text itself: extensions and withheld numbers exist. */
function personOf(from: string | null, country: string): string {
  const text = (from ?? '').trim().slice(0, longestNumber)
  return normalizePhoneNumber(text, country) ?? (text === '' ? NO_NUMBER : text)
}

async function readPhone(tx: Tx, tenantId: string, phoneId: string) {
  const [row] = await tx
    .select({ country: phones.country, agentId: phones.agentId })
    .from(phones)
    .where(and(eq(phones.tenantId, tenantId), eq(phones.id, phoneId)))
    .limit(1)
  return row
}
