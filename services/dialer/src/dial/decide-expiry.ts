import { reasonOf, type CallReason } from '@callwire/contracts'

/** What decides whether a queued call has waited too long. Times in epoch ms, the database's. */
export type WaitingCall = {
  createdAtMs: number
  scheduleAtMs: number | null
  /** How long calls of its tenant may wait past their time; null: for ever. */
  expireAfterMs: number | null
  nowMs: number
}

/** A call waits from the moment it was asked for, or from the later one it was asked for for. */
export function hasExpired(call: WaitingCall): boolean {
  if (call.expireAfterMs === null) return false
  const wantedAtMs = Math.max(call.createdAtMs, call.scheduleAtMs ?? call.createdAtMs)
  return call.nowMs - wantedAtMs > call.expireAfterMs
}

export function expiredReason(expireAfterMs: number): CallReason {
  const limit = spanOf(expireAfterMs)
  return reasonOf('expired', `Given up: not dialed within ${limit} of the time it was wanted.`)
}

const units = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const

/** In the largest unit that says it exactly: "36 hours", "1 day". */
function spanOf(ms: number): string {
  const [name, size] = units.find(([, size]) => ms >= size && ms % size === 0) ?? ['ms', 1]
  const count = ms / size
  return `${count} ${name}${count === 1 || name === 'ms' ? '' : 's'}`
}
