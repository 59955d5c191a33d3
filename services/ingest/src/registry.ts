import type { Clock } from '@callwire/runtime'
import { closes, type Close } from './closes.ts'
import type { PriorClock } from './prior-clock.ts'
import type { Session } from './session.ts'

/** How long a newcomer lets the socket before it put its end on record; its audio is kept. */
const HAND_OVER_MS = 1_000

/** This process's media sockets. */
export type Registry = {
  add(session: Session): void
  /** When the connection is gone and the end is on record. */
  remove(session: Session): void
  /**
   * Gives a call to `session`. A socket that had it is closed as replaced, and what it knows of
   * the call's clock is handed over; null when there was none here.
   */
  takeOver(callId: string, session: Session): Promise<PriorClock | null>
  tick(): void
  closeAll(close: Close): void
  destroyAll(): void
  /** Resolves when the end of every session is on record. */
  finished(): Promise<void>
  size(): number
}

export function createRegistry({ clock }: { clock: Clock }): Registry {
  const sessions = new Set<Session>()
  const byCall = new Map<string, Session>()
  return {
    add: (session) => {
      sessions.add(session)
    },
    remove: (session) => {
      sessions.delete(session)
      for (const [callId, owner] of byCall) if (owner === session) byCall.delete(callId)
    },
    async takeOver(callId, session) {
      const older = byCall.get(callId)
      byCall.set(callId, session)
      if (older === undefined || older === session) return null
      older.close(closes.replaced)
      const known = older.clock()
      await Promise.race([older.finished, clock.sleep(HAND_OVER_MS)])
      return known
    },
    tick: () => {
      const nowMs = clock.monotonicMs()
      for (const session of sessions) session.tick(nowMs)
    },
    closeAll: (close) => {
      for (const session of [...sessions]) session.close(close)
    },
    destroyAll: () => {
      for (const session of sessions) session.destroy()
    },
    finished: async () => {
      await Promise.all([...sessions].map((session) => session.finished))
    },
    size: () => sessions.size,
  }
}
