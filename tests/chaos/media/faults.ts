import {
  breakRedis,
  breakTranscriber,
  killGateway,
  killIngest,
  makeScript,
  takeOver,
  type LiveCall,
  type Trial,
  type Way,
} from '@callwire/e2e/media'
import type { ChaosWorld } from './start-world.ts'

export type Faulted = {
  /** How often each fault was tried. */
  trials: ReadonlyMap<string, number>
  calls: number
  words: { spoken: number; told: number }
  problems: string[]
}

const ways = (counts: Partial<Record<Way, number>>): Way[] =>
  Object.entries(counts).flatMap(([way, n]) => Array.from({ length: n }, () => way as Way))

type Fault = { called: string; seconds: number; run: (world: ChaosWorld) => Promise<Trial> }

/** Calls of each kind, and as many turns as the fault takes. */
const faults: readonly Fault[] = [
  {
    ...{ called: 'transcriber killed, and asked to end', seconds: 13 },
    run: (world) => breakTranscriber(world, ways({ splice: 6, direct: 4, person: 2 })),
  },
  {
    ...{ called: 'ingest killed', seconds: 21 },
    run: (world) => killIngest(world, ways({ direct: 8, splice: 2, person: 2 })),
  },
  {
    ...{ called: 'another socket took a call over', seconds: 13 },
    run: (world) => takeOver(world, 8),
  },
  {
    ...{ called: 'gateway killed', seconds: 13 },
    run: (world) => killGateway(world, ways({ splice: 2, person: 2, direct: 8 })),
  },
  {
    ...{ called: 'Redis killed, emptied, and away for ten seconds', seconds: 31 },
    run: (world) => breakRedis(world, ways({ splice: 6, direct: 4, person: 2 })),
  },
]

/** Every fault, one after another, `rounds` times. */
export async function breakThings(
  world: ChaosWorld,
  o: { rounds: number; signal: AbortSignal; onProgress: (line: string) => void },
): Promise<Faulted> {
  const trials = new Map<string, number>()
  const problems: string[] = []
  const words = { spoken: 0, told: 0 }
  const live: LiveCall[] = []
  for (let round = 1; round <= o.rounds; round += 1) {
    for (const { called, seconds, run } of faults) {
      o.signal.throwIfAborted()
      await world.calls.speak(makeScript(`speech-${seconds}`, seconds))
      const trial = await run(world)
      o.onProgress(`round ${round}: ${called}: ${trial.problems.length} problems`)
      trials.set(called, (trials.get(called) ?? 0) + 1)
      problems.push(...trial.problems.map((problem) => `${called}: ${problem}`))
      live.push(...trial.live)
      const tally = await world.calls.tally(trial.live)
      words.spoken += tally.spoken
      words.told += tally.told
    }
  }
  return { trials, calls: live.length, words, problems }
}
