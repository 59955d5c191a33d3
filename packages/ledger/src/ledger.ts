import type { Doorbell } from '@callwire/bus'
import type { CallEvent } from '@callwire/contracts'
import { callEvents, callHeads, commitBehind, type Database, type Tx } from '@callwire/db'
import { errorFields, type Clock, type Logger, type Random } from '@callwire/runtime'
import { and, asc, eq, gt, inArray } from 'drizzle-orm'
import { genesisHash } from './chain.ts'
import { eventOf } from './event-row.ts'
import type { NewFact } from './fact.ts'
import { LedgerError } from './ledger-error.ts'
import { insertHead, lockHead, storeHead } from './statements.ts'
import { createWork, makeEvent, type Head, type LedgerWork, type MadeEvent } from './work.ts'

/** Most events of one read. */
export const MAX_READ = 1_000

/**
 * How far `changedHeads` looks behind what it is asked: a transaction stamps its head before it
 * commits, and the asker's clock is not the database's.
 */
const LOOK_BEHIND_MS = 5_000

export type Ledger = {
  /**
   * Runs `work` with the call's head locked, in one transaction; rings the doorbell after the
   * commit. Nothing about a call changes except under this lock, so commit order is seq order.
   * Throws LedgerError `no_such_call`.
   */
  transact<T>(tenantId: string, callId: string, work: (w: LedgerWork) => Promise<T>): Promise<T>
  /**
   * As {@link Ledger.transact}, where one statement locks the head and reads what `work` starts
   * from. `look` must lock the head before anything else of the call; it gives null for no call.
   */
  transactSeen<Seen, T>(
    tenantId: string,
    callId: string,
    look: (tx: Tx) => Promise<{ head: Head; seen: Seen } | null>,
    work: (w: LedgerWork, seen: Seen) => Promise<T>,
  ): Promise<T>
  /** As {@link Ledger.transact} for a call that is being made: `work` inserts its row. */
  open<T>(tenantId: string, callId: string, work: (w: LedgerWork) => Promise<T>): Promise<T>
  /**
   * The first event of a call that is being made, for a statement that stores call, head and event
   * at once; {@link Ledger.ring} after the commit. Throws LedgerError `invalid_fact`.
   */
  firstEvent(callId: string, fact: NewFact): MadeEvent
  /**
   * The event after `head`, which stays as it is, for a statement that stores the event and moves
   * the call's head on from exactly there, or fails; {@link Ledger.ring} after the commit. Throws
   * LedgerError `invalid_fact`.
   */
  eventAfter(head: Head, callId: string, fact: NewFact): MadeEvent
  /** Rings the doorbell for events that were committed. Never rejects. */
  ring(tenantId: string, events: readonly CallEvent[]): Promise<void>
  /** Events after `after`, in order of seq, at most `limit` (and {@link MAX_READ}). */
  read(tenantId: string, callId: string, o: { after: number; limit: number }): Promise<CallEvent[]>
  /** The last seq of each of these calls that exists. */
  heads(tenantId: string, callIds: readonly string[]): Promise<Map<string, number>>
  /**
   * Calls of which something was appended since `sinceMs` (epoch ms). May name a call again that
   * changed shortly before: compare the seq.
   */
  changedHeads(tenantId: string, sinceMs: number): Promise<{ callId: string; seq: number }[]>
}

export function createLedger(o: {
  database: Pick<Database, 'withTenant'>
  doorbell: Pick<Doorbell, 'ringEvents'>
  clock: Clock
  random: Random
  log: Logger
}): Ledger {
  const { withTenant } = o.database

  const ring: Ledger['ring'] = async (tenantId, events) => {
    try {
      await o.doorbell.ringEvents(tenantId, events)
    } catch (error) {
      // The facts stand; listeners find them in the ledger.
      o.log.debug({ ...errorFields(error), callId: events[0]?.callId }, 'doorbell not rung')
    }
  }

  const runSeen = async <Seen, T>(
    tenantId: string,
    callId: string,
    look: (tx: Tx) => Promise<{ head: Head; seen: Seen } | null>,
    perform: (w: LedgerWork, seen: Seen) => Promise<T>,
  ): Promise<T> => {
    const done = await withTenant(tenantId, async (tx) => {
      const found = await look(tx)
      if (found === null) throw new LedgerError('no_such_call')
      const { head, seen } = found
      const { work, appended } = createWork({ ...o, tx, tenantId, callId, head })
      const value = await perform(work, seen)
      if (appended.length > 0) commitBehind(tx, storeHead(tx, { tenantId, callId, ...head }))
      return { value, appended }
    })
    await ring(tenantId, done.appended)
    return done.value
  }

  const run = <T>(
    tenantId: string,
    callId: string,
    takeHead: (tx: Tx) => Promise<Head>,
    perform: (w: LedgerWork) => Promise<T>,
  ): Promise<T> =>
    runSeen(
      tenantId,
      callId,
      async (tx) => ({ head: await takeHead(tx), seen: null }),
      (w) => perform(w),
    )

  return {
    transactSeen: runSeen,
    firstEvent: (callId, fact) => makeEvent({ ...o, callId, head: firstHead(callId) }, fact),
    eventAfter: (head, callId, fact) => makeEvent({ ...o, callId, head: { ...head } }, fact),
    ring,
    transact: (tenantId, callId, work) =>
      run(tenantId, callId, (tx) => takeHead(tx, tenantId, callId), work),
    open: (tenantId, callId, work) =>
      run(tenantId, callId, (tx) => newHead(tx, tenantId, callId), work),
    read: (tenantId, callId, { after, limit }) =>
      withTenant(tenantId, async (tx) => {
        const rows = await tx
          .select()
          .from(callEvents)
          .where(and(eq(callEvents.callId, callId), gt(callEvents.seq, after)))
          .orderBy(asc(callEvents.seq))
          .limit(Math.min(limit, MAX_READ))
        return rows.map(eventOf)
      }),
    heads: (tenantId, callIds) =>
      withTenant(tenantId, async (tx) => {
        if (callIds.length === 0) return new Map()
        const rows = await tx
          .select({ callId: callHeads.callId, seq: callHeads.seq })
          .from(callHeads)
          .where(inArray(callHeads.callId, [...callIds]))
        return new Map(rows.map((row) => [row.callId, row.seq]))
      }),
    changedHeads: (tenantId, sinceMs) =>
      withTenant(tenantId, (tx) =>
        tx
          .select({ callId: callHeads.callId, seq: callHeads.seq })
          .from(callHeads)
          .where(gt(callHeads.changedAt, new Date(sinceMs - LOOK_BEHIND_MS))),
      ),
  }
}

async function takeHead(tx: Tx, tenantId: string, callId: string): Promise<Head> {
  const [row] = await lockHead(tx, { tenantId, callId })
  if (row === undefined) throw new LedgerError('no_such_call')
  return row
}

function newHead(tx: Tx, tenantId: string, callId: string): Promise<Head> {
  const head = firstHead(callId)
  commitBehind(tx, insertHead(tx, { tenantId, callId, hash: head.hash }))
  return Promise.resolve(head)
}

/** The head of a call about which nothing has been said yet. */
function firstHead(callId: string): Head {
  return { seq: 0, hash: genesisHash(callId), lastType: null }
}
