import { expect, test } from 'vitest'
import { createGate } from './gate.ts'

test('lets so many through at once, in order, also past one that fails', async () => {
  const gate = createGate(2)
  const begun: number[] = []
  const ends = [0, 1, 2, 3].map(() => Promise.withResolvers<undefined>())
  const runs = ends.map(({ promise }, i) =>
    gate(() => {
      begun.push(i)
      return promise
    }),
  )
  const turn = () => new Promise((resolve) => setImmediate(resolve))
  await turn()
  expect(begun).toEqual([0, 1])
  ends[1]?.reject(new Error('no'))
  await expect(runs[1]).rejects.toThrow('no')
  await turn()
  expect(begun).toEqual([0, 1, 2])
  // The place that was passed on is still taken.
  const late = gate(() => {
    begun.push(4)
    return Promise.resolve()
  })
  await turn()
  expect(begun).toEqual([0, 1, 2])
  for (const i of [0, 2, 3]) ends[i]?.resolve(undefined)
  await Promise.all([runs[0], runs[2], runs[3], late])
  expect(begun).toEqual([0, 1, 2, 3, 4])
  await gate(() => Promise.resolve())
})
