import { ID_RANDOM_BYTES, newId, type CallEvent, type EventType } from '@callwire/contracts'
import { callEvents, callSecrets, type Tx } from '@callwire/db'
import type { Clock, Random } from '@callwire/runtime'
import { commitOf, nextHash } from './chain.ts'
import { eventOf } from './event-row.ts'
import { textOfFact, type NewFact } from './fact.ts'

const SALT_BYTES = 16

/** The head of a call's chain, as this transaction sees it. */
export type Head = { seq: number; hash: string; lastType: EventType | null }

/** What may be done about one call while its head is locked. */
export type LedgerWork = {
  readonly tx: Tx
  readonly tenantId: string
  readonly callId: string
  /** Moves on with each append. */
  readonly head: Readonly<Head>
  /** Epoch ms, at the start of this work. */
  readonly nowMs: number
  /** Adds a fact as the next seq. Throws LedgerError `invalid_fact`. */
  append(fact: NewFact): Promise<CallEvent>
}

/** The work of one transaction, with the events it appended. */
export function createWork(o: {
  tx: Tx
  tenantId: string
  callId: string
  head: Head
  clock: Clock
  random: Random
}): { work: LedgerWork; appended: CallEvent[] } {
  const { tx, tenantId, callId, head } = o
  const appended: CallEvent[] = []
  // One statement at a time: a connection takes no two.
  let stored = Promise.resolve()

  const append = async (fact: NewFact): Promise<CallEvent> => {
    const text = textOfFact(fact)
    const nowMs = o.clock.now()
    const seq = head.seq + 1
    const id = newId('event', { nowMs, random: o.random(ID_RANDOM_BYTES) })
    const at = new Date(nowMs)
    const salt = o.random(SALT_BYTES).toString('base64url')
    const content = { id, callId, seq, type: fact.type, at: at.toISOString() }
    const commit = commitOf({ ...content, data: JSON.parse(text) as unknown, salt })
    const hash = nextHash(head.hash, commit)
    const row = { callId, seq, id, type: fact.type, at, data: text, salt, commit, hash }
    // Taken before the first await: two appends that were not awaited still get two numbers.
    head.seq = seq
    head.hash = hash
    head.lastType = fact.type
    const event = eventOf({ ...row, erased: false })
    appended.push(event)
    stored = stored.then(async () => {
      await tx.insert(callEvents).values({ tenantId, ...row })
      if (fact.secret === undefined) return
      await tx.insert(callSecrets).values({ tenantId, callId, seq, ...fact.secret })
    })
    await stored
    return event
  }

  return { work: { tx, tenantId, callId, head, nowMs: o.clock.now(), append }, appended }
}
