import { isId } from '@callwire/contracts'
import { calls, type Database, type Tx } from '@callwire/db'
import { and, eq, inArray, isNull, type SQL } from 'drizzle-orm'
import type { Admission } from './admission.ts'
import type { BindingFacts, KnownCall } from './decide-binding.ts'

/** What a `start` says of the call it belongs to. */
export type StartNames = {
  callSid: string | null
  customParameters: Readonly<Record<string, string>>
}

/** Exotel sends three custom parameters at most; a caller who sends more is not looked up for each. */
const maxNames = 8

/** Call ids of ours among the keys and values: a bare CustomField arrives as a key. */
export function callIdsIn(customParameters: Readonly<Record<string, string>>): string[] {
  const texts = Object.entries(customParameters).flat()
  return [...new Set(texts.filter((text) => isId('call', text)))].slice(0, maxNames)
}

/** Looks up every call that the credentials and the `start` name. @throws DbError */
export async function findCalls(
  database: Database,
  admission: Admission,
  start: StartNames,
): Promise<Omit<BindingFacts, 'mayWait'>> {
  const { finder } = database
  const { callSid } = start
  const ids = callIdsIn(start.customParameters)
  const [own, named, bySid, isPlacing] = await Promise.all([
    admission.kind === 'call' ? readCall(database, admission.tenantId, admission.callId) : null,
    Promise.all(
      ids.map(async (id) => {
        const found = await finder.callById(id)
        return found === null ? null : readCall(database, found.tenantId, id)
      }),
    ),
    callSid === null ? null : findBySid(database, admission, callSid),
    callSid === null ? false : placing(database, admission),
  ])
  return {
    admission,
    callSid,
    own,
    named: named.filter((call) => call !== null),
    bySid,
    isPlacing,
  }
}

/** In the credentials' own tenant first: others may know the same sid, and whose it is cannot be told. */
async function findBySid(
  database: Database,
  admission: Admission,
  sid: string,
): Promise<KnownCall | null> {
  if (admission.kind !== 'address') {
    const { tenantId } = admission
    const own = await database.withTenant(tenantId, (tx) =>
      selectCall(tx, and(eq(calls.tenantId, tenantId), eq(calls.sid, sid))),
    )
    if (own !== null) return own
  }
  const found = await database.finder.callBySid(sid)
  return found === null ? null : readCall(database, found.tenantId, found.callId)
}

/** A call in these states has been, or is just being, asked of Exotel, which may speak first. */
const placingStates = ['dialing', 'unknown', 'ringing'] as const

/** The address alone says no tenant, so any call could be the one. */
async function placing(database: Database, admission: Admission): Promise<boolean> {
  if (admission.kind !== 'phone') return admission.kind === 'address'
  const { tenantId, phoneId } = admission
  const rows = await database.withTenant(tenantId, (tx) =>
    tx
      .select({ id: calls.id })
      .from(calls)
      .where(
        and(
          eq(calls.tenantId, tenantId),
          eq(calls.phoneId, phoneId),
          inArray(calls.status, [...placingStates]),
          isNull(calls.sid),
        ),
      )
      .limit(1),
  )
  return rows.length > 0
}

export function readCall(
  database: Database,
  tenantId: string,
  callId: string,
): Promise<KnownCall | null> {
  return database.withTenant(tenantId, (tx) =>
    selectCall(tx, and(eq(calls.tenantId, tenantId), eq(calls.id, callId))),
  )
}

async function selectCall(tx: Tx, which: SQL | undefined): Promise<KnownCall | null> {
  const [row] = await tx
    .select({
      tenantId: calls.tenantId,
      callId: calls.id,
      phoneId: calls.phoneId,
      direction: calls.direction,
      sid: calls.sid,
    })
    .from(calls)
    .where(which)
    .limit(1)
  return row ?? null
}
