/** A call that moved on, with one fact of it to tell; without one when none is of a wanted type. */
export type FoundFact = {
  readonly callId: string
  /** The last seq of the call. */
  readonly head: number
  readonly seq: number | null
  readonly type: string | null
}

export type Plan = {
  readonly messages: { callId: string; seq: number; type: string }[]
  /** Up to where each call has been told then. */
  readonly places: { callId: string; seq: number }[]
  /** Something may have been left for another look. */
  readonly more: boolean
}

/**
 * What to send, from what one look found.
 *
 * @param found - in order of calls, and of seq within one
 */
export function planMessages(
  found: readonly FoundFact[],
  o: { callsAtOnce: number; factsAtOnce: number },
): Plan {
  const calls = [...Map.groupBy(found, (fact) => fact.callId)]
  const messages = found.flatMap(({ callId, seq, type }) =>
    seq === null || type === null ? [] : [{ callId, seq, type }],
  )
  let more = calls.length >= o.callsAtOnce
  const places = calls.map(([callId, facts]) => {
    const last = facts.at(-1)
    const cut = facts.length >= o.factsAtOnce
    if (cut) more = true
    // Cut off at the bound, the rest of the call goes on from its last fact.
    return { callId, seq: (cut ? last?.seq : null) ?? last?.head ?? 0 }
  })
  return { messages, places, more }
}
