import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createBatches } from './batches.ts'

type Run<Item> = {
  items: readonly Item[]
  end: (results?: readonly string[]) => void
  fail: (error: unknown) => void
}

const ofOne = new Error('may be of one')
const ofAll = new Error('of all')
const full = new Error('full')
const resultOf = (item: unknown) => `result of ${String(item)}`

/** Batches whose runs end when the test says so. */
function arrange(o: { lanes?: number; most?: number; mostWaiting?: number } = {}) {
  let nowMs = 0
  const runs: Run<number>[] = []
  const batches = createBatches<number, string>({
    ...{ lanes: o.lanes ?? 1, waitMs: 1_000 },
    most: o.most ?? 32,
    mostWaiting: o.mostWaiting ?? 100,
    mayRunAlone: (error) => error === ofOne,
    full: () => full,
    nowMs: () => nowMs,
    run: (items) => {
      const { promise, resolve, reject } = Promise.withResolvers<readonly string[]>()
      const end = (results: readonly string[] = items.map(resultOf)) => resolve(results)
      runs.push({ items, end, fail: reject })
      return promise
    },
  })
  const run = async (index: number): Promise<Run<number>> => {
    await expect.poll(() => runs.length).toBeGreaterThan(index)
    const found = runs[index]
    if (found === undefined) throw new Error('no such run')
    return found
  }
  return {
    add: (item: number) => batches.add(item),
    alone: (item: number) => batches.alone(item),
    runs,
    run,
    pass: (ms: number) => (nowMs += ms),
    itemsOf: () => runs.map(({ items }) => items),
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))
/** Long enough for a run that should not be there. */
const turns = async () => {
  for (let times = 0; times < 5; times += 1) await turn()
}

test('one who is alone waits for nobody', async () => {
  const { add, run, runs } = arrange()
  const result = add(1)
  expect(runs).toHaveLength(0)
  await turn()
  const first = await run(0)
  expect(first.items).toEqual([1])
  first.end()
  expect(await result).toBe('result of 1')
})

test('those of one go of the event loop are one batch, and each has its own result', async () => {
  const { add, run, itemsOf } = arrange()
  const results = Promise.all([3, 1, 2].map(add))
  // A microtask later is the same go.
  const late = Promise.resolve().then(() => add(4))
  ;(await run(0)).end()
  expect(await results).toEqual([3, 1, 2].map(resultOf))
  expect(await late).toBe('result of 4')
  expect(itemsOf()).toEqual([[3, 1, 2, 4]])
})

test('what comes while all lanes run makes up the next batches, in the order in which it came', async () => {
  const { add, run, itemsOf } = arrange({ lanes: 2, most: 3 })
  const results = [add(1)]
  await run(0)
  results.push(add(2))
  await run(1)
  for (let item = 3; item <= 9; item += 1) {
    results.push(add(item))
    await turn()
  }
  expect(itemsOf()).toEqual([[1], [2]])
  ;(await run(1)).end()
  const third = await run(2)
  expect(third.items).toEqual([3, 4, 5])
  ;(await run(0)).end()
  const fourth = await run(3)
  third.end()
  fourth.end()
  ;(await run(4)).end()
  expect(await Promise.all(results)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9].map(resultOf))
  expect(itemsOf()).toEqual([[1], [2], [3, 4, 5], [6, 7, 8], [9]])
})

test('no more lanes run than there are', async () => {
  const { add, run, runs } = arrange({ lanes: 2, most: 1 })
  const results = [1, 2, 3, 4].map(add)
  await run(1)
  await turns()
  expect(runs).toHaveLength(2)
  for (let index = 0; index < 4; index += 1) (await run(index)).end()
  expect(await Promise.all(results)).toEqual([1, 2, 3, 4].map(resultOf))
})

test('a fault that may be of one has each run by itself, and is of the guilty alone', async () => {
  const { add, run, itemsOf } = arrange()
  const ends = Promise.allSettled([1, 2, 3].map(add))
  ;(await run(0)).fail(ofOne)
  ;(await run(1)).end()
  ;(await run(2)).fail(ofOne)
  ;(await run(3)).end()
  expect(await ends).toEqual([
    { status: 'fulfilled', value: 'result of 1' },
    { status: 'rejected', reason: ofOne },
    { status: 'fulfilled', value: 'result of 3' },
  ])
  expect(itemsOf()).toEqual([[1, 2, 3], [1], [2], [3]])
})

test('the next batch waits for those that run by themselves', async () => {
  const { add, run, runs } = arrange()
  const results = [add(1), add(2)]
  ;(await run(0)).fail(ofOne)
  ;(await run(1)).end()
  await run(2)
  results.push(add(3))
  await turns()
  expect(runs).toHaveLength(3)
  ;(await run(2)).end()
  ;(await run(3)).end()
  expect(await Promise.all(results)).toEqual([1, 2, 3].map(resultOf))
})

test('any other fault is everybody’s, and nothing runs again; later ones go on', async () => {
  const { add, run, itemsOf } = arrange()
  const ends = Promise.allSettled([1, 2].map(add))
  ;(await run(0)).fail(ofAll)
  expect(await ends).toEqual([1, 2].map(() => ({ status: 'rejected', reason: ofAll })))
  const later = add(3)
  ;(await run(1)).end()
  expect(await later).toBe('result of 3')
  expect(itemsOf()).toEqual([[1, 2], [3]])
})

test('one that is alone and fails does not run again, whatever its fault is', async () => {
  const { add, run, itemsOf } = arrange()
  const ended = expect(add(1)).rejects.toBe(ofOne)
  ;(await run(0)).fail(ofOne)
  await ended
  await turns()
  expect(itemsOf()).toEqual([[1]])
})

test('who would have to wait behind too many is refused, and nobody else is', async () => {
  const { add, run, itemsOf } = arrange({ mostWaiting: 2 })
  const first = add(1)
  await run(0)
  const waiting = [add(2), add(3)]
  await expect(add(4)).rejects.toBe(full)
  ;(await run(0)).end()
  ;(await run(1)).end()
  expect(await Promise.all([first, ...waiting])).toEqual([1, 2, 3].map(resultOf))
  const later = add(5)
  ;(await run(2)).end()
  expect(await later).toBe('result of 5')
  expect(itemsOf()).toEqual([[1], [2, 3], [5]])
})

test('who has waited for too long when a lane comes free is refused, and nobody behind', async () => {
  const { add, run, pass } = arrange()
  const first = add(1)
  await run(0)
  const late = add(2)
  pass(600)
  const inTime = add(3)
  pass(600)
  ;(await run(0)).end()
  expect(await first).toBe(resultOf(1))
  await expect(late).rejects.toBe(full)
  const second = await run(1)
  expect(second.items).toEqual([3])
  second.end()
  expect(await inTime).toBe(resultOf(3))
})

test('one that runs alone goes beside the lanes', async () => {
  const { add, alone, run } = arrange()
  const busy = add(1)
  await run(0)
  const beside = alone(2)
  const second = await run(1)
  expect(second.items).toEqual([2])
  second.end()
  expect(await beside).toBe('result of 2')
  ;(await run(0)).end()
  await busy
})

test('every item settles once, as its own part of its batch', async () => {
  const item = fc.record({
    isBad: fc.boolean(),
    /** Goes of the event loop before it comes. */
    pause: fc.nat(3),
  })
  const shape = {
    items: fc.array(item, { maxLength: 60 }),
    lanes: fc.integer({ min: 1, max: 3 }),
    most: fc.integer({ min: 1, max: 8 }),
    /** Of each run: how many goes it takes, and whether its batch is lost as a whole. */
    fates: fc.array(fc.record({ takes: fc.nat(3), isLost: fc.boolean() }), { maxLength: 60 }),
  }
  await fc.assert(
    fc.asyncProperty(fc.record(shape), async ({ items, lanes, most, fates }) => {
      const lost = new Set<number>()
      const seen = new Map<number, number>()
      let runs = 0
      const batches = createBatches<number, string>({
        ...{ lanes, most, waitMs: 1_000, mostWaiting: items.length },
        mayRunAlone: (error) => error === ofOne,
        full: () => full,
        run: async (batch) => {
          expect(batch.length).toBeLessThanOrEqual(most)
          for (const n of batch) seen.set(n, (seen.get(n) ?? 0) + 1)
          const fate = fates[runs]
          runs += 1
          for (let go = 0; go < (fate?.takes ?? 0); go += 1) await turn()
          if (fate?.isLost === true) {
            for (const n of batch) lost.add(n)
            throw ofAll
          }
          if (batch.some((n) => items[n]?.isBad === true)) throw ofOne
          return batch.map(resultOf)
        },
      })
      const settled: Promise<PromiseSettledResult<string>[]>[] = []
      for (const [n, { pause }] of items.entries()) {
        for (let go = 0; go < pause; go += 1) await turn()
        settled.push(Promise.allSettled([batches.add(n)]))
      }
      const ends = (await Promise.all(settled)).flat()
      expect(ends).toEqual(
        items.map(({ isBad }, n) =>
          lost.has(n)
            ? { status: 'rejected', reason: ofAll }
            : isBad
              ? { status: 'rejected', reason: ofOne }
              : { status: 'fulfilled', value: resultOf(n) },
        ),
      )
      // Together, and once more by itself at most.
      for (const times of seen.values()) expect(times).toBeLessThanOrEqual(2)
      expect(seen.size).toBe(items.length)
    }),
  )
}, 60_000)
