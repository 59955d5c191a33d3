import { setTimeout as sleep } from 'node:timers/promises'
import type { Figure } from '../lib/bench.ts'
import { median } from '../lib/median.ts'
import { startBareQueue } from './bare-queue.ts'
import { startCallwire } from './callwire.ts'
import { startFloor } from './floor.ts'
import { paceOut, pressOn, quantile, type Turn } from './load.ts'
import { startObserver } from './observer.ts'
import type { Side } from './side.ts'
import { startStores } from './stores.ts'

/**
 * With a Redis whose memory is younger than this, every account's budget first asks PostgreSQL what
 * was taken before: once each, and not what a call costs from then on.
 */
const REDIS_BELIEVED_MS = 65_000
/** Calls under way at a time: enough that nobody waits for the one who asks. */
const AT_ONCE = 128
const CALLS_A_SECOND = 20
/** Of each side in each of the rounds at a steady pace. */
const PACED_CALLS = 100
const PACED_ROUNDS = 4

const OF_FLOOR = { atLeast: 0.6 }
const CPU_OF_FLOOR = { atMost: 2 }
const P50 = { atMost: 15 }
const P99 = { atMost: 60 }

type Both<T> = Record<Side['name'], T>

export async function runDial(o: {
  calls: number
  rounds: number
  phones: number
}): Promise<Figure[]> {
  say('starting stores, a system and a floor of their own')
  await using observer = await startObserver()
  await using stores = await startStores()
  const at = { observer, connections: AT_ONCE }
  await using callwire = await startCallwire(stores, { ...at, phones: o.phones })
  await using floor = await startFloor(stores, at)
  await using bare = startBareQueue(stores)
  let number = 0
  const { postgresPid } = stores
  const load = { observer, postgresPid, numbers: { next: () => number++ } }
  const press = (side: Side) => pressOn(side, { ...load, calls: o.calls, atOnce: AT_ONCE })
  const pace = (side: Side) =>
    paceOut(side, { ...load, calls: PACED_CALLS, perSecond: CALLS_A_SECOND })

  say('warming up')
  const believedAt = performance.now() + REDIS_BELIEVED_MS
  for (const side of [callwire, floor]) await press(side)
  // What the server does by itself within minutes: until it has seen rows, it plans for none.
  await stores.sql`analyze`
  for (const side of [callwire, floor]) await press(side)
  await sleep(Math.max(0, believedAt - performance.now()))
  const turns: Both<Turn>[] = []
  const queued: number[] = []
  for (let round = 0; round < o.rounds; round += 1) {
    const turn = await inTurns({ callwire, floor }, round, press)
    turns.push(turn)
    queued.push(await bare.measure({ jobs: o.calls, atOnce: AT_ONCE }))
    say(
      `${round + 1} of ${o.rounds}: ${described(turn.callwire)}; floor ${described(turn.floor)}; ` +
        `bare queue ${Math.round(queued.at(-1) ?? 0)} jobs/s`,
    )
  }
  say(`${CALLS_A_SECOND} calls a second`)
  const waits: Both<number[]>[] = []
  for (let round = 0; round < PACED_ROUNDS; round += 1) {
    waits.push(await inTurns({ callwire, floor }, round, pace))
  }
  const again = [...observer.requests().values()].filter((times) => times > 1).length
  return [
    figure('Exotel accounts', o.phones, 'accounts'),
    ...throughput(turns, queued),
    ...latency(waits),
    figure('calls that were requested twice', again, 'calls', { atMost: 0 }),
  ]
}

/** What slows the machine for a moment slows both, and each goes first as often as the other. */
async function inTurns<T>(
  sides: Both<Side>,
  round: number,
  work: (side: Side) => Promise<T>,
): Promise<Both<T>> {
  if (round % 2 === 0) {
    const callwire = await work(sides.callwire)
    return { callwire, floor: await work(sides.floor) }
  }
  const floor = await work(sides.floor)
  return { floor, callwire: await work(sides.callwire) }
}

function throughput(turns: readonly Both<Turn>[], queued: readonly number[]): Figure[] {
  const rate = (side: Side['name']) => median(turns.map((turn) => turn[side].perSecond))
  const ms = (side: Side['name'], of: keyof Turn) => median(turns.map((turn) => turn[side][of]))
  const ofFloor = (of: keyof Turn) =>
    median(turns.map(({ callwire, floor }) => callwire[of] / floor[of]))
  const ofQueue = median(turns.map((turn, n) => turn.callwire.perSecond / (queued[n] ?? NaN)))
  return [
    figure('calls from POST to Exotel', rate('callwire'), 'calls/s'),
    figure('the floor’s', rate('floor'), 'calls/s'),
    figure('ours to the floor’s', ofFloor('perSecond'), '×', OF_FLOOR),
    figure('processor time of ours per call', ms('callwire', 'cpu'), 'ms'),
    figure('of it the gateway’s', ms('callwire', 'api'), 'ms'),
    figure('of it the dialer’s', ms('callwire', 'dialer'), 'ms'),
    figure('the floor’s', ms('floor', 'cpu'), 'ms'),
    figure('ours to the floor’s', ofFloor('cpu'), '×', CPU_OF_FLOOR),
    figure('PostgreSQL’s for a call of ours', ms('callwire', 'postgres'), 'ms'),
    figure('PostgreSQL’s for one of the floor’s', ms('floor', 'postgres'), 'ms'),
    figure('bare BullMQ, add to process', median(queued), 'jobs/s'),
    figure('our calls to its jobs', ofQueue, '×'),
  ]
}

function latency(waits: readonly Both<number[]>[]): Figure[] {
  const of = (side: Side['name'], part: number) =>
    quantile(
      waits.flatMap((wait) => wait[side]),
      part,
    )
  return [
    figure('POST to headers at Exotel, p50', of('callwire', 0.5), 'ms', P50),
    figure('the floor’s', of('floor', 0.5), 'ms'),
    figure('POST to headers at Exotel, p99', of('callwire', 0.99), 'ms', P99),
    figure('the floor’s', of('floor', 0.99), 'ms'),
  ]
}

function figure(name: string, value: number, unit: string, limit?: Figure['limit']): Figure {
  return { name, value, unit, ...(limit && { limit }) }
}

function described({ perSecond, cpu }: Turn): string {
  return `${Math.round(perSecond)} calls/s, ${cpu.toFixed(2)} ms each`
}

/** Beside the figures: a person waits for minutes, and a program reads standard output. */
function say(text: string): void {
  process.stderr.write(`${text}\n`)
}
