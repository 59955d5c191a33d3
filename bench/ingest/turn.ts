import { setTimeout as sleep } from 'node:timers/promises'
import type { Generator } from './generator.ts'
import type { Drive } from './load/commands.ts'
import type { Shelf } from './shelf.ts'
import type { Side } from './side.ts'

/** Buffers full and code warm before anything is counted. */
const SETTLE_MS = 3_000
/** For what is still in sockets when the last frame has been sent. */
const ARRIVES_WITHIN_MS = 5_000
const LOOK_MS = 50
const MS_A_MINUTE = 60_000
/** A ping behind a stream's frames that comes back later than this is late. */
const LAG_MS = 100
/** Later than this and the load is what was measured: no verdict about the server. */
const LOAD_LATE_MS = 20

/** One side, with all its streams speaking in real time. */
export type Turn = Drive & {
  side: Side['name']
  /** Media messages sent and never counted by the server. */
  lost: number
  /** Blocks that should be in Redis and are not. */
  missing: number
  /** CPU seconds per stream-minute. */
  cost: number
  /** Of one core. */
  busy: number
}

export async function takeTurn(
  o: { generator: Generator; shelf: Shelf; seconds: number },
  side: Side,
): Promise<Turn> {
  const before = await side.counts()
  const drive = await o.generator.drive(side, {
    settleMs: SETTLE_MS,
    windowMs: o.seconds * 1_000,
  })
  const until = performance.now() + ARRIVES_WITHIN_MS
  const lost = async () => drive.sent - ((await side.counts()).frames - before.frames)
  while ((await lost()) > 0 && performance.now() < until) await sleep(LOOK_MS)
  const [cpuMs = NaN] = drive.cpuMs
  return {
    ...drive,
    side: side.name,
    lost: await lost(),
    missing: await o.shelf.missing(side, drive),
    cost: cpuMs / 1_000 / ((drive.streams * drive.windowMs) / MS_A_MINUTE),
    busy: cpuMs / drive.windowMs,
  }
}

export function isHeld(turn: Turn): boolean {
  const isWhole = turn.lost === 0 && turn.missing === 0 && turn.closed.length === 0
  return isWhole && turn.pongs >= turn.pings && turn.lagP99 < LAG_MS
}

/** Whether the load kept its own time: where it did not, a side that failed has proven nothing. */
export function isFair(turn: Turn): boolean {
  return turn.lateP99 < LOAD_LATE_MS
}

export function described(turn: Turn): string {
  const { side, streams, cost, busy, lagP99, lateP99, lost, missing, closed } = turn
  const faults = [
    ...(lost === 0 ? [] : [`${lost} frames lost`]),
    ...(missing === 0 ? [] : [`${missing} blocks not in Redis`]),
    ...(closed.length === 0 ? [] : [`${closed.length} sockets closed`]),
  ]
  return [
    `${side.padEnd(8)} ${String(streams).padStart(4)} streams`,
    `${(cost * 1_000).toFixed(1)} ms/stream-minute`,
    `core ${Math.round(busy * 100)} %`,
    `lag p99 ${lagP99.toFixed(1)} ms`,
    `load late p99 ${lateP99.toFixed(1)} ms`,
    ...faults,
  ].join(', ')
}
