import { callStatusSchema, rankOf, type CallLeg } from '@callwire/contracts'
import type { Leg } from '@callwire/exotel'

/** As many as a call's row holds; Exotel's calls have two. */
const mostLegs = 8

/** What Exotel told of a call's sides, as it is kept. No number is part of it. */
export function legsOf(legs: readonly Leg[] | undefined): CallLeg[] | undefined {
  return legs?.slice(0, mostLegs).map(({ status, onCallSeconds, answeredBy, cause }) => ({
    status,
    seconds: onCallSeconds,
    answeredBy,
    cause,
  }))
}

/**
 * What is known of a call's sides after news of them; null when that is no more than before. Like
 * the call itself a leg only moves up, and what the news leaves out is not taken away, so that the
 * order of the news does not matter.
 */
export function mergeLegs(
  known: readonly CallLeg[] | null,
  told: readonly CallLeg[] | undefined,
): CallLeg[] | null {
  if (told === undefined || told.length === 0) return null
  const count = Math.max(known?.length ?? 0, told.length)
  const merged = Array.from({ length: count }, (_, i) =>
    mergeLeg(known?.[i] ?? nothing, told[i] ?? nothing),
  )
  return sameLegs(known ?? [], merged) ? null : merged
}

const nothing: CallLeg = { status: null, seconds: null, answeredBy: null, cause: null }

function mergeLeg(known: CallLeg, told: CallLeg): CallLeg {
  return {
    status: legRank(told.status) > legRank(known.status) ? told.status : known.status,
    // An early report says 0 or a part of it.
    seconds:
      known.seconds === null || told.seconds === null
        ? (known.seconds ?? told.seconds)
        : Math.max(known.seconds, told.seconds),
    answeredBy: known.answeredBy ?? told.answeredBy,
    cause: known.cause ?? told.cause,
  }
}

function legRank(status: string | null): number {
  const parsed = callStatusSchema.safeParse(status)
  return parsed.success ? rankOf(parsed.data) : -1
}

function sameLegs(a: readonly CallLeg[], b: readonly CallLeg[]): boolean {
  const fields = ['status', 'seconds', 'answeredBy', 'cause'] as const
  return (
    a.length === b.length &&
    a.every((leg, i) => fields.every((field) => leg[field] === b[i]?.[field]))
  )
}
