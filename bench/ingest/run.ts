import { startCallwire } from './callwire.ts'
import { compareAt, type Comparison } from './compare.ts'
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

  const comparisons: Comparison[] = []
  const opening = new Map<Side['name'], number>()
  for (const count of [FEW, MANY].filter((streams) => streams <= o.most)) {
    for (const side of sides) {
      const more = count - generator.streams(side)
      const before = cpuMs(side.pid)
      await generator.openTo(side, count)
      opening.set(side.name, (cpuMs(side.pid) - before) / more)
    }
    comparisons.push(await compareAt(bench, callwire, floor))
  }
  const low = { streams: generator.streams(callwire), resident: residents(sides) }
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
  await generator.closeTo(callwire, half)
  const pipe = await measurePipe({ generator, callwire, seconds: o.seconds * 2 })
  return figuresOf({ comparisons, opening, searches: found, memory, pipe })
}

function residents(sides: readonly Side[]): number[] {
  return sides.map(({ pid }) => residentBytes(pid))
}
