import type { Clock } from '@callwire/runtime'
import { closes, type Close } from './closes.ts'
import type { PriorClock } from './prior-clock.ts'

/** How long a newcomer lets the socket before it put its end on record; its audio is kept. */
const HAND_OVER_MS = 1_000

/** One media socket, from its handshake to its end. */
export type Session = {
  /** Keeps the socket's limits; called several times a second, with the monotonic clock. */
  tick(nowMs: number): void
  /** Ends it from our side. Does nothing when it has ended. */
  close(close: Close): void
  /** Takes the connection away if it is still there. */
  destroy(): void
  /** Where another socket takes the call's clock up; null before this one had its call. */
  clock(): PriorClock | null
  /** Whether its end has come, perhaps before its stream was opened: it takes no call from others. */
  isOver(): boolean
  /** Whether it has audio that waits for its stream. */
  holdsAudio(): boolean
  /** Resolves when it has a stream, or will have none. */
  settled: Promise<void>
  /** Resolves when the end is on record. Never rejects. */
  finished: Promise<void>
}

/** When a socket's stream was opened, by the database's clock, epoch ms; the id tells two apart. */
export type Opened = { streamId: string; openedAtMs: number }

/** This process's media sockets. */
export type Registry = {
  add(session: Session): void
  /** When the connection is gone and the end is on record. */
  remove(session: Session): void
  /**
   * Gives a call to `session`. A socket that had it is closed as replaced, and what it knows of
   * the call's clock is handed over; null when there was none here. A live socket keeps the call
   * from one that was opened before it or has ended: then `isReplaced` is true.
   */
  takeOver(
    callId: string,
    session: Session,
    opened: Opened,
  ): Promise<{ isReplaced: boolean; known: PriorClock | null }>
  tick(): void
  closeAll(close: Close): void
  destroyAll(): void
  /** Resolves when the end of every session is on record. */
  finished(): Promise<void>
  size(): number
}

export function createRegistry({ clock }: { clock: Clock }): Registry {
  const sessions = new Set<Session>()
  const byCall = new Map<string, { session: Session; opened: Opened }>()
  return {
    add: (session) => {
      sessions.add(session)
    },
    remove: (session) => {
      sessions.delete(session)
      for (const [callId, owner] of byCall) if (owner.session === session) byCall.delete(callId)
    },
    async takeOver(callId, session, opened) {
      const older = byCall.get(callId)
      if (older !== undefined && !older.session.isOver()) {
        const mayTake = !session.isOver() && isNewer(opened, older.opened)
        if (!mayTake) return { isReplaced: true, known: older.session.clock() }
      }
      byCall.set(callId, { session, opened })
      if (older === undefined || older.session === session)
        return { isReplaced: false, known: null }
      older.session.close(closes.replaced)
      const known = older.session.clock()
      await Promise.race([older.session.finished, clock.sleep(HAND_OVER_MS)])
      return { isReplaced: false, known }
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

/** As the heartbeats see it. */
function isNewer(a: Opened, b: Opened): boolean {
  return a.openedAtMs === b.openedAtMs ? a.streamId > b.streamId : a.openedAtMs > b.openedAtMs
}
