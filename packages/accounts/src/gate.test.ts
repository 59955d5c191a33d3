import { expect, test } from 'vitest'
import { createGate } from './gate.ts'

const full = new Error('full')

test('runs so many at a time, lets so many wait, and turns the rest away', async () => {
  const gate = createGate({ width: 2, queue: 3, onFull: () => full })
  let running = 0
  let most = 0
  const releases: (() => void)[] = []
  const work = () =>
    gate(async () => {
      running += 1
      most = Math.max(most, running)
      await new Promise<void>((resolve) => releases.push(resolve))
      running -= 1
      return 'done'
    })
  const five = Array.from({ length: 5 }, work)
  await expect(work()).rejects.toBe(full)
  const drain = async (): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve))
    const next = releases.shift()
    if (next === undefined) return
    next()
    await drain()
  }
  await drain()
  expect(await Promise.all(five)).toEqual(Array(5).fill('done'))
  expect(most).toBe(2)
  const again = work()
  await drain()
  expect(await again).toBe('done')
})

test('work that fails makes room like any other', async () => {
  const gate = createGate({ width: 1, queue: 1, onFull: () => full })
  const failed = gate(() => Promise.reject(new Error('no')))
  const next = gate(() => Promise.resolve('yes'))
  await expect(failed).rejects.toThrow('no')
  expect(await next).toBe('yes')
})
