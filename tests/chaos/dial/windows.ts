import type { Blow } from './fleet.ts'
import type { Ours } from './ours.ts'
import { sendDeadlineMs } from './timing.ts'
import type { Asked, Truth } from './truth.ts'

/** Which blows fell where they hurt most: after a call was claimed and before its request was over. */
export type Hits = {
  /** Blows with at least one such call. */
  blows: number
  /** Calls whose request was under way, as the provider saw it too. */
  duringRequest: number
  /** Calls that were claimed and of which the provider never heard. */
  beforeRequest: number
}

/** Clocks are one machine's; the provider reads a request a moment after it was sent. */
const slackMs = 1_000

/**
 * Counts blows between the compare-and-swap and the end of the POST.
 *
 * During the request: the connection was the process's own when it was struck (by its port), the provider had the
 * request and had not answered it, and the ledger says that the call was claimed before. Before the request: the ledger
 * says `dialing` within the send deadline before the blow, the provider was never asked for the attempt, and nobody
 * wrote how it ended until it was taken over.
 */
export function countHits(blows: readonly Blow[], truth: Truth, ours: readonly Ours[]): Hits {
  const claims = new Map(ours.map((call) => [call.callId, claimsOf(call)]))
  const askedBy = Map.groupBy(truth.asked, ({ callId }) => callId ?? '')
  const hits = { blows: 0, duringRequest: 0, beforeRequest: 0 }
  const counted = new Set<string>()
  for (const blow of blows.toSorted((a, b) => a.atMs - b.atMs)) {
    const during = truth.asked.filter(
      (asked) => isUnderWay(asked, blow) && wasClaimed(claims.get(asked.callId ?? ''), blow),
    )
    const before = [...claims].filter(([callId, attempts]) =>
      attempts.some((claim) => {
        const key = `${callId} ${claim.atMs}`
        const isHit =
          claim.untold &&
          !counted.has(key) &&
          isBetween(claim.atMs, blow.atMs - sendDeadlineMs, blow.atMs) &&
          !(askedBy.get(callId) ?? []).some(({ atMs }) => atMs >= claim.atMs - slackMs)
        if (isHit) counted.add(key)
        return isHit
      }),
    )
    hits.duringRequest += during.length
    hits.beforeRequest += before.length
    if (during.length + before.length > 0) hits.blows += 1
  }
  return hits
}

/**
 * Calls that were given up as not placed though nothing was in the way: the provider was never asked, and from the claim to
 * the deadline for its request nobody was killed or frozen and PostgreSQL was there. Ids of calls.
 */
export function givenUpForNothing(
  ours: readonly Ours[],
  truth: Truth,
  o: { blows: readonly Blow[]; away: readonly { fromMs: number; untilMs: number }[] },
): string[] {
  const asked = new Set(truth.asked.map(({ callId }) => callId))
  return ours.flatMap((call) => {
    const claim = claimsOf(call).at(-1)
    if (call.reasonCode !== 'not_placed' || asked.has(call.callId)) return []
    if (claim === undefined) return [call.callId]
    const from = claim.atMs - slackMs
    const until = claim.atMs + sendDeadlineMs + slackMs
    const isHit =
      o.blows.some(({ atMs }) => isBetween(atMs, from, until)) ||
      o.away.some(({ fromMs, untilMs }) => fromMs <= until && untilMs >= from)
    return isHit ? [] : [call.callId]
  })
}

type Claim = {
  atMs: number
  /** The next that is known of it is that its dialer was lost. */
  untold: boolean
}

function claimsOf({ history }: Ours): Claim[] {
  return history.flatMap(({ status, atMs }, n) =>
    status === 'dialing' ? [{ atMs, untold: history[n + 1]?.reasonCode === 'dialer_lost' }] : [],
  )
}

function wasClaimed(claims: readonly Claim[] | undefined, blow: Blow): boolean {
  return claims?.some(({ atMs }) => atMs <= blow.atMs) ?? false
}

function isUnderWay(asked: Asked, blow: Blow): boolean {
  return (
    asked.port !== null &&
    blow.ports.includes(asked.port) &&
    // Ports come round again; a request does not take this long.
    isBetween(asked.atMs, blow.atMs - 60_000, blow.atMs + slackMs) &&
    (asked.answeredAtMs === null || asked.answeredAtMs > blow.atMs)
  )
}

function isBetween(value: number, from: number, to: number): boolean {
  return value >= from && value <= to
}
