import { median } from '../lib/median.ts'
import type { Generator } from './generator.ts'
import { say } from './say.ts'
import type { Shelf } from './shelf.ts'
import type { Side } from './side.ts'
import { described, isFair, takeTurn, type Turn } from './turn.ts'

const MOST_TRIES = 3

/** The two at one number of streams; each number the median of its turns. */
export type Comparison = {
  streams: number
  callwire: Typical
  floor: Typical
  /** Ours to the floor's, the median of the rounds' own ratios. */
  ratio: number
  /** Of ours, in all turns. */
  lost: number
}

type Typical = { cost: number; busy: number; lagP99: number; lateP99: number }

export async function compareAt(
  o: { generator: Generator; shelf: Shelf; seconds: number; rounds: number },
  callwire: Side,
  floor: Side,
): Promise<Comparison> {
  // Streams that were just opened are not yet what they are for the rest of a call.
  for (const side of [floor, callwire]) await takeTurn({ ...o, seconds: 1 }, side)
  const rounds: { callwire: Turn; floor: Turn }[] = []
  for (let round = 0; round < o.rounds; round += 1) {
    // What slows the machine for a moment slows both, and each goes first as often as the other.
    const first = await fairTurn(o, round % 2 === 0 ? floor : callwire)
    const second = await fairTurn(o, round % 2 === 0 ? callwire : floor)
    rounds.push(
      first.side === 'floor'
        ? { floor: first, callwire: second }
        : { callwire: first, floor: second },
    )
    say(`${described(first)}\n${described(second)}`)
  }
  return {
    streams: o.generator.streams(callwire),
    callwire: typical(rounds.map((round) => round.callwire)),
    floor: typical(rounds.map((round) => round.floor)),
    ratio: median(rounds.map((round) => round.callwire.cost / round.floor.cost)),
    lost: rounds.reduce((sum, { callwire: { lost, missing } }) => sum + lost + missing, 0),
  }
}

/** Frames that go out late come in bunches, which are cheaper to take: such a turn is taken again. */
async function fairTurn(o: Parameters<typeof takeTurn>[0], side: Side): Promise<Turn> {
  for (let tries = 1; ; tries += 1) {
    const turn = await takeTurn(o, side)
    if (isFair(turn) || tries >= MOST_TRIES) return turn
    say(`again, the load was late: ${described(turn)}`)
  }
}

function typical(turns: readonly Turn[]): Typical {
  const of = (name: keyof Typical) => median(turns.map((turn) => turn[name]))
  return { cost: of('cost'), busy: of('busy'), lagP99: of('lagP99'), lateP99: of('lateP99') }
}
