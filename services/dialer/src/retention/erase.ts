import { ERASED_NUMBER, wordEventTypes } from '@callwire/contracts'
import {
  callbackInbox,
  callEvents,
  callKeys,
  calls,
  callSecrets,
  idempotencyKeys,
  recordings,
  type Tx,
} from '@callwire/db'
import { and, eq, inArray, isNotNull, isNull, sql } from 'drizzle-orm'
import type { ErasureKind } from './decide-erasure.ts'

type Erase = (tx: Tx, tenantId: string, callIds: string[]) => Promise<void>

/**
 * The key first in importance: without it what it sealed cannot be opened by anybody, in a copy of
 * the database neither. The events keep their commits, so that the chain goes on proving the rest.
 */
const eraseWords: Erase = async (tx, tenantId, ids) => {
  await tx
    .delete(callKeys)
    .where(and(eq(callKeys.tenantId, tenantId), inArray(callKeys.callId, ids)))
  await tx
    .delete(callSecrets)
    .where(and(eq(callSecrets.tenantId, tenantId), inArray(callSecrets.callId, ids)))
  await tx
    .update(callEvents)
    .set({ data: null, salt: null, erased: true })
    .where(
      and(
        eq(callEvents.tenantId, tenantId),
        inArray(callEvents.callId, ids),
        inArray(callEvents.type, wordEventTypes),
        eq(callEvents.erased, false),
      ),
    )
  await tx
    .update(calls)
    // Where Exotel keeps its own recording, if it made one: the same words.
    .set({ wordsErasedAt: sql`now()`, recordingUrlSealed: null })
    .where(and(eq(calls.tenantId, tenantId), inArray(calls.id, ids)))
}

/**
 * The number wherever a call has it: in its row, in what Exotel reported of it, and in the
 * fingerprint of the request that placed it. A fingerprint that says `erased` is like one whose key
 * is gone: whoever repeats the request is shown the first call, and no other one is made.
 */
const eraseNumbers: Erase = async (tx, tenantId, ids) => {
  await tx
    .update(calls)
    .set({
      personSealed: null,
      personIndex: null,
      personMasked: ERASED_NUMBER,
      metadataSealed: null,
      recordingUrlSealed: null,
      candidates: null,
      numberErasedAt: sql`now()`,
    })
    .where(and(eq(calls.tenantId, tenantId), inArray(calls.id, ids)))
  await tx.delete(callbackInbox).where(
    and(
      eq(callbackInbox.tenantId, tenantId),
      inArray(callbackInbox.callId, ids),
      // What nobody has read yet goes when it is.
      isNotNull(callbackInbox.appliedAt),
    ),
  )
  await tx
    .update(idempotencyKeys)
    .set({ fingerprint: ERASED_NUMBER })
    .where(and(eq(idempotencyKeys.tenantId, tenantId), inArray(idempotencyKeys.callId, ids)))
}

/** Without its key a recording's objects are noise; they are removed from the store after this. */
const eraseRecordings: Erase = async (tx, tenantId, ids) => {
  await tx
    .update(recordings)
    .set({ wrapped: null, erasedAt: sql`now()` })
    .where(
      and(
        eq(recordings.tenantId, tenantId),
        inArray(recordings.callId, ids),
        isNull(recordings.erasedAt),
      ),
    )
}

/** How each kind is erased of calls whose heads are locked, all of it in the caller's transaction. */
export const eraseOf: Readonly<Record<ErasureKind, Erase>> = {
  recordings: eraseRecordings,
  words: eraseWords,
  numbers: eraseNumbers,
}
