import { expect, test } from 'vitest'
import { BoundedQueue } from './bounded-queue.ts'

async function all<T>(queue: BoundedQueue<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of queue) items.push(item)
  return items
}

test('refuses what does not fit, or lets the oldest make room', async () => {
  const rejecting = new BoundedQueue<number>({ limit: 2, overflow: 'reject' })
  const dropping = new BoundedQueue<number>({ limit: 2, overflow: 'drop-oldest' })
  expect([1, 2, 3].map((n) => rejecting.push(n))).toEqual([true, true, false])
  expect([1, 2, 3].map((n) => dropping.push(n))).toEqual([true, true, true])
  expect([rejecting.dropped, dropping.dropped]).toEqual([1, 1])
  rejecting.close()
  dropping.close()
  expect(await all(rejecting)).toEqual([1, 2])
  expect(await all(dropping)).toEqual([2, 3])
})

test('hands items to a consumer that waits, and ends it on close', async () => {
  const queue = new BoundedQueue<string>({ limit: 1, overflow: 'reject' })
  const seen = all(queue)
  await Promise.resolve()
  expect(queue.push('a')).toBe(true)
  await new Promise((resolve) => setImmediate(resolve))
  expect(queue.push('b')).toBe(true)
  queue.close()
  expect(queue.push('c')).toBe(false)
  expect(await seen).toEqual(['a', 'b'])
})
