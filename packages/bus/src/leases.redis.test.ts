import { expect, test } from 'vitest'
import { createLeases } from './leases.ts'
import { testBus, uniqueId } from './test-support/connect.ts'

test('one owner at a time; another is refused until it is released', async () => {
  await using bus = await testBus()
  const leases = createLeases(bus.conn)
  const callId = uniqueId('cal')
  expect(await leases.acquire(callId, 'a')).toBe(true)
  expect(await leases.acquire(callId, 'a')).toBe(true)
  expect(await leases.acquire(callId, 'b')).toBe(false)
  expect(await leases.free([callId, uniqueId('cal')])).toHaveLength(1)
  expect(await leases.free([callId])).toEqual([])
  await leases.release(callId, 'b')
  expect(await leases.acquire(callId, 'b')).toBe(false)
  await leases.release(callId, 'a')
  expect(await leases.free([callId])).toEqual([callId])
  expect(await leases.acquire(callId, 'b')).toBe(true)
  expect(await leases.acquire(callId, 'a')).toBe(false)
  expect(await leases.free([])).toEqual([])
})

test('a lease that nobody renews runs out', async () => {
  await using bus = await testBus()
  const leases = createLeases(bus.conn)
  const callId = uniqueId('cal')
  await leases.acquire(callId, 'a', 60)
  await expect.poll(() => leases.acquire(callId, 'b')).toBe(true)
  expect(await leases.acquire(callId, 'a')).toBe(false)
})

test('of many who ask at once one gets it', async () => {
  await using bus = await testBus()
  const leases = createLeases(bus.conn)
  const callId = uniqueId('cal')
  const owners = Array.from({ length: 40 }, (_, i) => `owner-${i}`)
  const answers = await Promise.all(owners.map((owner) => leases.acquire(callId, owner)))
  expect(answers.filter(Boolean)).toHaveLength(1)
})
