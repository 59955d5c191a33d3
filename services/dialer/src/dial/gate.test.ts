import { expect, test } from 'vitest'
import { createGate } from './gate.ts'

const settled = () => new Promise((resolve) => setImmediate(resolve))

test('lets no more in than there is room for, and the others in their order', async () => {
  const gate = createGate(2)
  const inside: string[] = []
  const leaves = new Map<string, () => void>()
  for (const name of ['a', 'b', 'c', 'd']) {
    void gate.enter().then((leave) => {
      inside.push(name)
      leaves.set(name, leave)
    })
  }
  await settled()
  expect(inside).toEqual(['a', 'b'])
  leaves.get('b')?.()
  await settled()
  expect(inside).toEqual(['a', 'b', 'c'])
  leaves.get('a')?.()
  leaves.get('c')?.()
  await settled()
  expect(inside).toEqual(['a', 'b', 'c', 'd'])
})

test('who leaves twice makes room once', async () => {
  const gate = createGate(1)
  const leave = await gate.enter()
  leave()
  leave()
  await gate.enter()
  let entered = false
  void gate.enter().then(() => (entered = true))
  await settled()
  expect(entered).toBe(false)
})
