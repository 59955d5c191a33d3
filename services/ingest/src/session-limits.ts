import { closes, type Close } from './closes.ts'

/** From the open socket to `start`; the handshake itself has five seconds of its own. */
export const START_WITHIN_MS = 10_000
/** Exotel sends silence as media, so a stream without any is dead. */
export const MEDIA_WITHIN_MS = 60_000
/** Below the 30 s after which load balancers drop idle connections. */
export const PING_EVERY_MS = 20_000

/** The moments, on the monotonic clock, that limits are measured from. */
export type SessionTimes = {
  openedMs: number
  hasStarted: boolean
  /** Last media, or the `start` before any. */
  lastMediaMs: number
  lastPingMs: number
  /** False from a ping until its pong. */
  hasPong: boolean
}

export type LimitVerdict =
  | { kind: 'none' }
  | { kind: 'ping' }
  /** The peer is gone: no closing handshake to wait for. */
  | { kind: 'terminate' }
  | { kind: 'close'; close: Close }

const none: LimitVerdict = { kind: 'none' }

/** What a session that is open at `nowMs` has coming. */
export function judgeLimits(times: SessionTimes, nowMs: number): LimitVerdict {
  if (!times.hasStarted && nowMs - times.openedMs >= START_WITHIN_MS) {
    return { kind: 'close', close: closes.noStart }
  }
  if (times.hasStarted && nowMs - times.lastMediaMs >= MEDIA_WITHIN_MS) {
    return { kind: 'close', close: closes.noMedia }
  }
  if (nowMs - times.lastPingMs < PING_EVERY_MS) return none
  return times.hasPong ? { kind: 'ping' } : { kind: 'terminate' }
}
