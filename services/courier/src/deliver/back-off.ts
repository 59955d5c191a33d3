import { randomFraction, type Random } from '@callwire/runtime'

const second = 1_000
const minute = 60 * second
const hour = 60 * minute

/** How long after each failed attempt the next one comes (standardwebhooks.com, "Deliverability"). */
export const retryAfterMs = [
  5 * second,
  5 * minute,
  30 * minute,
  2 * hour,
  5 * hour,
  10 * hour,
  14 * hour,
  20 * hour,
  24 * hour,
] as const

/** The first and one after each wait. */
export const MAX_ATTEMPTS = retryAfterMs.length + 1

/** What failed together must not come back together: up to a fifth later than the table says. */
const JITTER = 0.2

/** A host that asks for more than this is given the longest wait of the table. */
export const LONGEST_RETRY_AFTER_MS = 24 * hour

/**
 * How long to wait after attempt number `attempts` (from 1) failed; null when that was the last. A
 * host that asks to be left alone for longer is.
 *
 * @param askedMs - what the host's Retry-After says, or null
 */
export function nextWaitMs(
  attempts: number,
  askedMs: number | null,
  random: Random,
): number | null {
  const base = retryAfterMs[attempts - 1]
  if (base === undefined) return null
  const spread = base * (1 + JITTER * randomFraction(random))
  return Math.round(Math.max(spread, Math.min(askedMs ?? 0, LONGEST_RETRY_AFTER_MS)))
}

/** Retry-After as RFC 9110 §10.2.3 has it, seconds or a date, in ms from now; null for anything else. */
export function askedWaitMs(header: string | null, nowMs: number): number | null {
  if (header === null) return null
  const text = header.trim()
  if (/^\d{1,9}$/.test(text)) return Number(text) * second
  // Date.parse takes nearly anything: only the form of HTTP is a date here.
  if (!/^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} [\d:]{8} GMT$/.test(text)) return null
  const atMs = Date.parse(text)
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs)
}
