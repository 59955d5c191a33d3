import { setTimeout as sleep } from 'node:timers/promises'
import { cpuMs } from '../../dial/cpu.ts'
import { quantile } from '../../dial/load.ts'
import type { Drive } from './commands.ts'
import type { MediaClient } from './media-client.ts'

const FRAME_MS = 20
const FRAMES_A_SECOND = 50
/** Finer than a frame, and as coarse as costs little. */
const TICK_MS = 2
/** For the last pongs; a server that is behind is given the time to show how far. */
const DRAIN_MS = 10_000
const LOOK_MS = 20

/** What clients tell while they are driven. */
export type Notes = { lags: number[]; closed: string[] }

/** Sends the frames of all clients in real time, evenly spread over each 20 ms. */
export async function drive(
  clients: readonly MediaClient[],
  notes: Notes,
  o: { settleMs: number; windowMs: number; pids: readonly number[] },
): Promise<Drive> {
  notes.lags = []
  const lates: number[] = []
  const apartMs = FRAME_MS / clients.length
  const startedAt = performance.now()
  const untilMs = o.settleMs + o.windowMs
  let [sent, pings] = [0, 0]
  let window: { atMs: number; cpu: number[] } | null = null

  for (;;) {
    const nowMs = performance.now() - startedAt
    if (window === null && nowMs >= o.settleMs) {
      window = { atMs: performance.now(), cpu: o.pids.map(cpuMs) }
      notes.lags = []
      pings = 0
    }
    if (nowMs >= untilMs) break
    for (let dueMs = sent * apartMs; dueMs <= nowMs; dueMs = sent * apartMs) {
      const at = sent % clients.length
      const round = (sent - at) / clients.length
      // Each stream once a second, and never all at once.
      const withPing = round % FRAMES_A_SECOND === at % FRAMES_A_SECOND
      clients[at]?.frame(withPing)
      if (withPing) pings += 1
      if (sent % 7 === 0) lates.push(performance.now() - startedAt - dueMs)
      sent += 1
    }
    await sleep(TICK_MS)
  }
  const cpu = o.pids.map(cpuMs)
  const windowMs = performance.now() - (window?.atMs ?? startedAt)
  const until = performance.now() + DRAIN_MS
  while (notes.lags.length < pings && performance.now() < until) await sleep(LOOK_MS)
  return {
    streams: clients.length,
    sent,
    closed: notes.closed,
    windowMs,
    cpuMs: cpu.map((ms, at) => ms - (window?.cpu[at] ?? NaN)),
    pings,
    pongs: notes.lags.length,
    lagP50: quantile(notes.lags, 0.5),
    lagP99: quantile(notes.lags, 0.99),
    lagMax: quantile(notes.lags, 1),
    lateP99: quantile(lates, 0.99),
  }
}
