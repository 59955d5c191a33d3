import type { Figure, Report } from '../lib/figure.ts'
import { busiest, type Verdict } from './check.ts'
import type { Orders } from './customers.ts'
import type { Blow } from './fleet.ts'
import type { Ours } from './ours.ts'
import type { Damage } from './storms.ts'
import { sendDeadlineMs } from './timing.ts'
import type { Truth } from './truth.ts'
import { givenUpForNothing, type Hits } from './windows.ts'

export type Findings = {
  orders: Orders
  truth: Truth
  ours: readonly Ours[]
  damage: Damage
  blows: readonly Blow[]
  verdict: Verdict
  hits: { kills: Hits; freezes: Hits }
  /** What the provider did wrong, and how often. */
  misdeeds: ReadonlyMap<string, number>
  /** From the first order until nothing was queued, ms. */
  dialedInMs: number
  /** From then until nothing was open, ms. */
  settled: number
  requestsPerMinute: number
}

/** A request may reach the provider as late as the send deadline after the budget was asked. */
const windowMs = 60_000 - sendDeadlineMs
/** Where fewer come through, the calls are given up rather than dialed. */
const leastPlaced = 0.5
/** Cases that are told in full; more would only repeat them. */
const casesShown = 5

/** Everything a run counted, with what was promised of it. */
export function report(f: Findings): Report {
  const { verdict, hits, damage, truth, orders } = f
  const accepted = orders.accepted.length
  const killed = f.blows.filter(({ kind }) => kind === 'kill').length
  const right = verdict.ended - verdict.wrong.length
  const figures: Figure[] = [
    count('calls accepted', accepted, { atLeast: 1 }),
    count('orders refused or unanswered', orders.refused.length, { exactly: 0 }),
    count('placed by the provider', verdict.placed, { atLeast: Math.ceil(accepted * leastPlaced) }),
    count('placed per call, at most', verdict.placedPerCall, { exactly: 1 }),
    count('placed per person, at most', verdict.placedPerPerson, { exactly: 1 }),
    count('placed and never ordered', verdict.unasked.length, { exactly: 0 }),
    count('placed though canceled', verdict.placedAfterCancel.length, { exactly: 0 }),
    count('orders that became two calls', verdict.doubleOrders.length, { exactly: 0 }),
    count('lost', verdict.lost.length, { exactly: 0 }),
    count('given up for nothing', forNothing(f).length, { exactly: 0 }),
    count('unresolved after the grace', verdict.unresolved.length, { exactly: 0 }),
    {
      name: 'our state is the provider’s state',
      value: verdict.ended === 0 ? 0 : (100 * right) / verdict.ended,
      unit: '%',
      limit: { exactly: 100 },
    },
    count(
      `requests to an account in ${windowMs / 1000} s, at most`,
      busiest(truth.requests, windowMs),
      { atMost: f.requestsPerMinute },
    ),
    count('dialers killed', killed),
    count('… between claim and end of the POST', hits.kills.blows, { atLeast: 1 }),
    count('… … calls whose request was under way', hits.kills.duringRequest),
    count('… … calls that had not been sent', hits.kills.beforeRequest),
    count('dialers frozen past their lease', f.blows.length - killed, { atLeast: 1 }),
    count('… between claim and end of the POST', hits.freezes.blows),
    count('Redis flushed', damage.redisFlushed, { atLeast: 1 }),
    count('Redis restarted or killed', damage.redisRestarted),
    count('Redis set back to an old snapshot', damage.redisRewound),
    count('PostgreSQL restarted or killed', damage.postgresRestarted),
    count('gateway killed', damage.gatewayKilled),
    count('callbacks sent', truth.callbacks),
    ...[...f.misdeeds].map(([called, n]) => count(called, n)),
    ...[...verdict.notPlaced].map(([code, n]) => count(`not placed: ${code}`, n)),
    { name: 'calls dialed', value: (1000 * verdict.placed) / f.dialedInMs, unit: 'a second' },
    { name: 'settled after the last dial in', value: Math.round(f.settled / 1000), unit: 's' },
  ]
  return { figures, problems: problemsOf(f) }
}

function forNothing({ ours, truth, blows, damage }: Findings): string[] {
  return givenUpForNothing(ours, truth, { blows, away: damage.postgresAway })
}

function count(name: string, value: number, limit?: Figure['limit']): Figure {
  return { name, value, unit: '', ...(limit === undefined ? {} : { limit }) }
}

function problemsOf(f: Findings): string[] {
  const { verdict, orders, ours, truth } = f
  const told = new Map(ours.map((call) => [call.callId, call]))
  const tell = (what: string) => (callId: string) => {
    const call = told.get(callId)
    const history = call?.history.map(({ status, reasonCode }) =>
      reasonCode === null ? status : `${status} (${reasonCode})`,
    )
    const placed = truth.placed.filter((one) => one.callId === callId)
    const theirs = placed.map(({ sid, status }) => `${sid} ${status ?? 'alive'}`)
    return `${what} ${callId}: ours ${call?.sid ?? 'no sid'} ${history?.join(' → ') ?? 'nothing'}; theirs ${theirs.join(', ') || 'nothing'}`
  }
  const kinds: [string, readonly string[]][] = [
    ['placed again', verdict.repeated],
    ['never ordered', verdict.unasked],
    ['canceled and placed', verdict.placedAfterCancel],
    ['two calls for one order', verdict.doubleOrders],
    ['lost', verdict.lost],
    ['given up for nothing', forNothing(f)],
    ['unresolved', verdict.unresolved],
    ['wrong', verdict.wrong],
  ]
  return [
    ...orders.refused.slice(0, casesShown).map((text) => `refused: ${text}`),
    ...kinds.flatMap(([what, ids]) => ids.slice(0, casesShown).map(tell(what))),
  ]
}
