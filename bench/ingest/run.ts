import { startCallwire } from './callwire.ts'
import { compareAt } from './compare.ts'
import { divideCores, pin } from './cores.ts'
import { figuresOf } from './figures.ts'
import { startFloor } from './floor.ts'
import { startGenerator } from './generator.ts'
import { residentBytes } from './memory.ts'
import { cpuMs } from '../dial/cpu.ts'
import { startStores } from '../dial/stores.ts'
import { measurePipe } from './pipe.ts'
import { say } from './say.ts'
import { createSearch } from './search.ts'
import { openShelf } from './shelf.ts'
import type { Side } from './side.ts'
import { described, takeTurn } from './turn.ts'
import type { Figure } from '../lib/bench.ts'

const FEW = 50
const MANY = 300
const WARM_S = 6
/** What a busy event loop still does at once: where the search begins, of a full core. */
const BEGIN = 0.85

/** @param o - `most`: streams that are tried; `seconds` of each turn */
export async function runIngest(o: {
  most: number
  seconds: number
  rounds: number
}): Promise<Figure[]> {
  say('starting stores, an ingest, a floor and a load of their own')
  const cores = divideCores()
  if (cores !== null) pin(process.pid, cores.others)
  await using stores = await startStores()
  await using shelf = openShelf(stores)
  await using callwire = await startCallwire(stores)
  await using floor = await startFloor(stores)
  await using generator = startGenerator()
  const sides: readonly Side[] = [callwire, floor]
  const isPinned =
    cores !== null && sides.map(({ pid }) => pin(pid, cores.measured)).every((pinned) => pinned)
  if (!isPinned) say('no core could be set apart: the largest numbers are those of this machine')
  const bench = { generator, shelf, seconds: o.seconds, rounds: o.rounds }

  const many = Math.min(MANY, o.most)
  for (const side of sides) await generator.openTo(side, many)
  say('warming up')
  // A service runs for weeks: what its first minute costs the compiler is no part of a stream.
  for (const side of [floor, callwire, floor, callwire]) {
    await takeTurn({ generator, shelf, seconds: WARM_S }, side)
  }
  const comparisons = [await compareAt(bench, callwire, floor)]
  const low = { streams: many, resident: residents(sides) }
  const few = Math.min(FEW, many)
  for (const side of sides) await generator.closeTo(side, few)
  comparisons.unshift(await compareAt(bench, callwire, floor))
  const opening = new Map<Side['name'], number>()
  for (const side of sides) {
    const before = cpuMs(side.pid)
    await generator.openTo(side, many)
    opening.set(side.name, (cpuMs(side.pid) - before) / (many - few))
  }
  if (o.most <= MANY)
    return figuresOf({ comparisons, opening, searches: null, memory: null, pipe: null })

  const searches = sides.map((side) => {
    const busy = comparisons.at(-1)?.[side === callwire ? 'callwire' : 'floor'].busy ?? NaN
    const first = Math.floor((BEGIN / busy) * MANY)
    return { side, search: createSearch({ first: Math.max(MANY, first), most: o.most }) }
  })
  while (searches.some(({ search }) => search.next() !== null)) {
    for (const { side, search } of searches) {
      const streams = search.next()
      if (streams === null) continue
      await generator.closeTo(side, streams)
      await generator.openTo(side, streams)
      const turn = await takeTurn(bench, side)
      search.tell(turn)
      say(described(turn))
    }
  }
  const found = searches.map(({ search }) => search.found())
  const most = Math.max(MANY, Math.min(...found.map(({ streams }) => streams)))
  for (const side of sides) {
    await generator.closeTo(side, most)
    await generator.openTo(side, most)
  }
  comparisons.push(await compareAt(bench, callwire, floor))
  const memory = { low, high: { streams: most, resident: residents(sides) } }

  await generator.closeTo(floor, 0)
  await shelf.clear(floor)
  const half = Math.floor((found[0]?.streams ?? 0) / 2)
  await generator.closeTo(callwire, 0)
  await shelf.clear(callwire)
  const pipe = await measurePipe({
    ...{ generator, callwire, streams: half },
    ...{ seconds: o.seconds * 2, rounds: o.rounds },
  })
  return figuresOf({ comparisons, opening, searches: found, memory, pipe })
}

function residents(sides: readonly Side[]): number[] {
  return sides.map(({ pid }) => residentBytes(pid))
}
