import { ID_RANDOM_BYTES, newId, type CallEvent, type EventType } from '@callwire/contracts'
import { callSecrets, commitBehind, type Tx } from '@callwire/db'
import type { Clock, Random } from '@callwire/runtime'
import { commitOf, nextHash } from './chain.ts'
import { eventOf, type EventRow } from './event-row.ts'
import { textOfFact, type NewFact } from './fact.ts'
import { insertEvent } from './statements.ts'

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
  /**
   * Makes the fact of the next seq and leaves its row to a statement of the caller's, which stores
   * it together with what it tells of, in this transaction, or fails. Throws as `append` does.
   */
  stage(fact: NewFact): MadeEvent
}

/** An event with the row it is stored as, made but not stored. */
export type MadeEvent = { event: CallEvent; row: EventRow }

/** Makes the event that comes after `head`, and moves `head` on to it. */
export function makeEvent(
  o: { callId: string; head: Head; clock: Pick<Clock, 'now'>; random: Random },
  fact: NewFact,
): MadeEvent {
  const { callId, head } = o
  const text = textOfFact(fact)
  const nowMs = o.clock.now()
  const seq = head.seq + 1
  const id = newId('event', { nowMs, random: o.random(ID_RANDOM_BYTES) })
  const at = new Date(nowMs)
  const salt = o.random(SALT_BYTES).toString('base64url')
  const content = { id, callId, seq, type: fact.type, at: at.toISOString() }
  const commit = commitOf({ ...content, data: JSON.parse(text) as unknown, salt })
  const hash = nextHash(head.hash, commit)
  head.seq = seq
  head.hash = hash
  head.lastType = fact.type
  const row = {
    callId,
    seq,
    id,
    type: fact.type,
    at,
    data: text,
    salt,
    commit,
    hash,
    erased: false,
  }
  return { row, event: eventOf(row) }
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

  // What is sent first is stored first, so that nobody has to wait: a later statement of the work
  // sees the event, and the commit fails where its storing failed.
  const append = (fact: NewFact): CallEvent => {
    const { event, row } = makeEvent(o, fact)
    appended.push(event)
    commitBehind(tx, insertEvent(tx, { tenantId, ...row }))
    if (fact.secret !== undefined) {
      const secret = { tenantId, callId, seq: row.seq, ...fact.secret }
      commitBehind(tx, tx.insert(callSecrets).values(secret).execute())
    }
    return event
  }

  const work: LedgerWork = {
    tx,
    tenantId,
    callId,
    head,
    nowMs: o.clock.now(),
    stage: (fact) => {
      const made = makeEvent(o, fact)
      appended.push(made.event)
      return made
    },
    append: (fact) => new Promise((resolve) => resolve(append(fact))),
  }
  return { work, appended }
}
