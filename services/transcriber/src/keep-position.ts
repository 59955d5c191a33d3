import type { AudioStreams } from '@callwire/bus'
import { transcriptions, type Database } from '@callwire/db'
import { every, type Clock, type Logger } from '@callwire/runtime'
import { and, eq, sql } from 'drizzle-orm'
import type { Acknowledger, Position } from './acknowledge.ts'
import type { Claim } from './claim-call.ts'
import { positionColumns } from './position-columns.ts'
import { FIRST_ID, isBefore } from './stream-ids.ts'

export type KeepDeps = {
  database: Pick<Database, 'withTenant'>
  audio: Pick<AudioStreams, 'trimTo' | 'lastId'>
  clock: Clock
  log: Logger
}

/** At most so often is a live call's audio trimmed, however fast its words become final. */
const LOOK_MS = 1_000
/** A position that no final carried is written on its own once it frees this much audio. */
const WRITE_STEP_MS = 5_000

/**
 * Forgets a call's audio in Redis as it is acknowledged, and keeps how far that is where a successor
 * finds it. Only what is on record is forgotten: a successor that missed audio would call it lost.
 */
export type PositionKeeper = AsyncDisposable & {
  /** This position was committed, with whatever else was. */
  committed(position: Position): void
  /** The stream was made anew: the ids on record mean nothing in it. */
  restarted(): void
}

/** `isHeld`: whether the call is still ours to look after. `onLook` runs before each look. */
export function keepPosition(
  deps: KeepDeps,
  claim: Claim,
  o: { acknowledger: Acknowledger; isHeld: () => boolean; onLook: () => void; signal: AbortSignal },
): PositionKeeper {
  const { clock, log } = deps
  let onRecord: Position = { ackedId: claim.ackedId, ackedMs: claim.ackedMs }
  let trimmedTo = FIRST_ID

  const look = async () => {
    if (!o.isHeld()) return
    o.onLook()
    const position = o.acknowledger.position()
    if (position.ackedMs >= onRecord.ackedMs + WRITE_STEP_MS) {
      if (!(await writePosition(deps.database, claim, position))) return
      onRecord = position
    }
    const { ackedId } = onRecord
    if (ackedId === FIRST_ID || ackedId === trimmedTo) return
    // A stream that ends before it is another one, made anew: its ids are not ours yet.
    const lastId = await deps.audio.lastId(claim.callId)
    if (lastId === null || isBefore(lastId, ackedId)) return
    await deps.audio.trimTo(claim.callId, ackedId)
    trimmedTo = ackedId
  }
  const looking = every(LOOK_MS, look, { clock, signal: o.signal, log, name: 'keep position' })
  return {
    committed(position) {
      // One that lies ahead of all that is acknowledged counts by a stream that is gone.
      if (isBefore(o.acknowledger.position().ackedId, position.ackedId)) return
      if (position.ackedMs >= onRecord.ackedMs) onRecord = position
    },
    restarted() {
      onRecord = { ...onRecord, ackedId: FIRST_ID }
    },
    [Symbol.asyncDispose]: () => looking[Symbol.asyncDispose](),
  }
}

/** False when the call is another's. */
async function writePosition(
  database: Pick<Database, 'withTenant'>,
  claim: Claim,
  position: Position,
): Promise<boolean> {
  const rows = await database.withTenant(claim.tenantId, (tx) =>
    tx
      .update(transcriptions)
      .set({ ...positionColumns(position), updatedAt: sql`now()` })
      .where(and(eq(transcriptions.callId, claim.callId), eq(transcriptions.fence, claim.fence)))
      .returning({ callId: transcriptions.callId }),
  )
  return rows.length > 0
}
