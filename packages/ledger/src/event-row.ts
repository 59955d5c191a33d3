import type { CallEvent, LiveEvent } from '@callwire/contracts'
import type { callEvents } from '@callwire/db'

export type EventRow = Omit<typeof callEvents.$inferSelect, 'tenantId'>

/** An event as every reader gets it, from its row. */
export function eventOf(row: EventRow): CallEvent {
  const envelope = {
    id: row.id,
    callId: row.callId,
    seq: row.seq,
    type: row.type,
    at: row.at.toISOString(),
  }
  if (row.data === null || row.salt === null) {
    return { ...envelope, data: null, erased: true, commit: row.commit, hash: row.hash }
  }
  // The text was checked against its type's schema before it was stored.
  const data: unknown = JSON.parse(row.data)
  return { ...envelope, data, salt: row.salt, hash: row.hash } as LiveEvent
}
