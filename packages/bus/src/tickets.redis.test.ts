import { expect, test } from 'vitest'
import { createRevocations, type Revocation } from './revocations.ts'
import { testBus, uniqueId } from './test-support/connect.ts'
import { createTickets } from './tickets.ts'

test('a ticket is good once, also when many take it at once', async () => {
  await using bus = await testBus()
  const tickets = createTickets(bus.conn)
  const hash = uniqueId('hash')
  const payload = { tenantId: 'ten_1', role: 'agent', permissions: ['calls:read'] }
  await tickets.put(hash, payload, 60_000)
  const taken = await Promise.all(Array.from({ length: 20 }, () => tickets.take(hash)))
  expect(taken.filter((value) => value !== null)).toEqual([payload])
})

test('a ticket runs out, and one that was never made is none', async () => {
  await using bus = await testBus()
  const tickets = createTickets(bus.conn)
  const hash = uniqueId('hash')
  await tickets.put(hash, { tenantId: 'ten_1' }, 20)
  await expect.poll(() => bus.conn.command.exists(`cw:ticket:${hash}`)).toBe(0)
  expect(await tickets.take(hash)).toBeNull()
  expect(await tickets.take(uniqueId('hash'))).toBeNull()
})

test('a revocation reaches every process', async () => {
  await using one = await testBus()
  await using two = await testBus(one.url)
  const id = uniqueId('key')
  const heard: Revocation[] = []
  for (const bus of [one, two]) {
    await createRevocations(bus.conn).subscribe((revocation) => {
      if (revocation.id === id) heard.push(revocation)
    })
  }
  const revocation = { tenantId: 'ten_1', kind: 'key', id } as const
  await createRevocations(one.conn).announce(revocation)
  await expect.poll(() => heard).toEqual([revocation, revocation])
})
