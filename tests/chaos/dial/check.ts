import type { Order } from './customers.ts'
import type { Ours } from './ours.ts'
import type { Placed, Truth } from './truth.ts'

/** What came of a run, judged by the provider's log. All lists hold ids of calls. */
export type Verdict = {
  /** How often the call that was placed most often was placed. */
  placedPerCall: number
  /** Placed more than once. */
  repeated: string[]
  /** How often the person was phoned who was phoned most often, whatever the calls were named. */
  placedPerPerson: number
  /** Placed, and nobody ordered them. */
  unasked: string[]
  /** Placed though a cancellation had been answered with 200. */
  placedAfterCancel: string[]
  /** Orders that were answered with more than one call. */
  doubleOrders: string[]
  /** Promised, and neither placed nor ended with a reason. */
  lost: string[]
  /** Not ended after the grace. */
  unresolved: string[]
  /** Ended, and not as the provider says. */
  wrong: string[]
  /** Orders that ended, of which `wrong` are some. */
  ended: number
  placed: number
  /** Not placed, by the reason given. */
  notPlaced: ReadonlyMap<string, number>
}

const FINAL = new Set(['completed', 'busy', 'no-answer', 'failed', 'canceled'])
/** What a call that was never placed may say of itself, with a reason. */
const NEVER_PLACED = new Set(['failed', 'canceled'])

/** Compares what customers were promised and what we say became of it with what the provider did. */
export function judge(orders: readonly Order[], truth: Truth, ours: readonly Ours[]): Verdict {
  const known = new Set(orders.flatMap(({ ids }) => ids))
  const placements = groupBy(truth.placed, ({ callId }) => callId ?? '')
  const people = groupBy(truth.placed, personOf)
  const told = new Map(ours.map((call) => [call.callId, call]))
  const verdict = {
    placedPerCall: most(placements),
    repeated: [...placements].flatMap(([callId, { length }]) => (length > 1 ? [callId] : [])),
    placedPerPerson: most(people),
    unasked: [...placements.keys()].filter((callId) => !known.has(callId)),
    placedAfterCancel: orders.flatMap(({ canceled, callId }) =>
      canceled && placements.has(callId) ? [callId] : [],
    ),
    doubleOrders: orders.flatMap(({ ids, callId }) => (new Set(ids).size > 1 ? [callId] : [])),
    lost: [] as string[],
    unresolved: [] as string[],
    wrong: [] as string[],
    ended: 0,
    placed: truth.placed.length,
    notPlaced: new Map<string, number>(),
  }
  for (const { callId } of orders) {
    const call = told.get(callId)
    const [placed] = placements.get(callId) ?? []
    if (call === undefined) {
      verdict.lost.push(callId)
    } else if (!FINAL.has(call.status)) {
      verdict.unresolved.push(callId)
    } else {
      verdict.ended += 1
      if (placed !== undefined) {
        if (!agrees(call, placed)) verdict.wrong.push(callId)
      } else if (!NEVER_PLACED.has(call.status)) {
        verdict.wrong.push(callId)
      } else if (call.reasonCode === null) {
        verdict.lost.push(callId)
      } else {
        const { reasonCode } = call
        verdict.notPlaced.set(reasonCode, (verdict.notPlaced.get(reasonCode) ?? 0) + 1)
      }
    }
  }
  return verdict
}

/** Same end, same name for the call, and the ledger's last word is the state that is shown. */
function agrees(call: Ours, placed: Placed): boolean {
  const last = call.history.at(-1)
  return call.status === placed.status && call.sid === placed.sid && last?.status === call.status
}

/** The other end of the line: for a bridged call the second number, else the only one. */
function personOf({ mode, from, to }: Placed): string {
  return mode === 'two-numbers' ? to : from
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  return Map.groupBy(items, keyOf)
}

function most(groups: ReadonlyMap<string, readonly unknown[]>): number {
  return Math.max(0, ...[...groups.values()].map(({ length }) => length))
}

/** The most requests to one account in any `windowMs`. */
export function busiest(requests: Truth['requests'], windowMs: number): number {
  let most = 0
  for (const times of requests.values()) {
    const sorted = times.toSorted((a, b) => a - b)
    let first = 0
    for (const [last, at] of sorted.entries()) {
      while (at - (sorted[first] ?? at) >= windowMs) first += 1
      most = Math.max(most, last - first + 1)
    }
  }
  return most
}
