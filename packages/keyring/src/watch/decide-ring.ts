/** What is known when a ring's text may have changed. */
export type RingFacts = {
  /** Key ids held now, and the one that seals. */
  held: readonly string[]
  sealing: string
  /** Key ids of the text. */
  offered: readonly string[]
  /** The install's primary; null until a key was introduced. */
  primary: string | null
  retired: readonly string[]
  /** Key ids that rows of the ring's places name. */
  named: readonly string[]
}

export type RingDecision =
  | { kind: 'arrange'; primary: string; drop: string[] }
  /** The text lacks a key that rows name or that seals: it is not taken up. */
  | { kind: 'keep'; lacking: string[] }

/**
 * How a ring is arranged from a text.
 *
 * Nothing that is still needed is let go because a text lacks it: a file cut short reads like one
 * that lost a key. A retired key goes, unless rows name it all the same (a process that was frozen
 * since before the promotion may have sealed one more): then it stays to re-seal them.
 *
 * Until a key was introduced the text's first key seals, as of the start: a running process does
 * not follow a new order, since another process would do so at another moment.
 */
export function decideRing(facts: RingFacts): RingDecision {
  const { held, sealing, offered, primary, retired, named } = facts
  const drop = retired.filter((kid) => !named.includes(kid))
  const wanted = primary ?? sealing
  const needed = held.filter(
    (kid) => !drop.includes(kid) && (named.includes(kid) || kid === wanted),
  )
  const lacking = needed.filter((kid) => !offered.includes(kid))
  if (lacking.length > 0) return { kind: 'keep', lacking }
  // Without the install's primary the ring seals on as it did; readiness tells that it is behind.
  const sealer = offered.includes(wanted) ? wanted : sealing
  if (!offered.includes(sealer)) return { kind: 'keep', lacking: [sealer] }
  return { kind: 'arrange', primary: sealer, drop: drop.filter((kid) => kid !== sealer) }
}
