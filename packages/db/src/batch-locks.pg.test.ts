import type postgres from 'postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Database } from './index.ts'
import {
  batchBench,
  callOf,
  dialOf,
  hexOf,
  keyLifeMs,
  sidOf,
  waitingForLocks,
  type BatchBench,
} from './testing/batch-rows.ts'
import { idOf } from './testing/fill-tenant.ts'
import { superClient } from './testing/super-client.ts'

let bench: BatchBench
let gateway: Database
/** Two dialers, or gateways, that write for the same calls. */
let dialers: readonly [Database, Database]
let gateways: readonly [Database, Database]
let holder: postgres.Sql & AsyncDisposable

beforeAll(async () => {
  bench = await batchBench()
  gateway = await bench.open('gateway')
  gateways = [gateway, await bench.open('gateway')]
  dialers = [await bench.open('dialer'), await bench.open('dialer')]
  holder = superClient(bench.superUrl)
})
afterAll(async () => {
  await holder[Symbol.asyncDispose]()
  await bench[Symbol.asyncDispose]()
})

/** Enough for two that lock in two orders to meet. */
const ROUNDS = 25
const AT_ONCE = 8
let next = 1_000
const newCalls = async () => {
  const of = Array.from({ length: AT_ONCE }, (_, i) => [1 + (i % 3), next + i] as const)
  next += 1_000
  await gateway.batch.placeCalls(
    of.map(([t, n]) => callOf(t, n)),
    keyLifeMs,
  )
  return of
}
const union = (sets: readonly ReadonlySet<string>[]) => sets.flatMap((set) => [...set]).toSorted()

test('two dialers that begin the same calls in two orders: each is begun once', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const of = await newCalls()
    const dials = of.map(([t, n]) => dialOf(t, n))
    const others = of.map(([t, n]) =>
      dialOf(t, n, {
        event_id: idOf('evt', n + 700),
        token_id: idOf('tok', n + 700),
        token_hash: hexOf(n + 700),
        audit_id: idOf('aud', n + 700),
        request_id: `other-${n}`,
      }),
    )
    const sets = await Promise.all([
      dialers[0].batch.beginDials(dials),
      dialers[1].batch.beginDials(others.toReversed()),
    ])
    expect(union(sets)).toEqual(of.map(([, n]) => idOf('cal', n)))
  }
})

test('two dialers that keep Sids of the same phones in two orders', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const of = await newCalls()
    await dialers[0].batch.beginDials(of.map(([t, n]) => dialOf(t, n)))
    await bench.owner`update phones set auth_failures = 1`
    const sids = of.map(([t, n]) => sidOf(t, n))
    const sets = await Promise.all([
      dialers[0].batch.bindSids(sids),
      dialers[1].batch.bindSids(sids.toReversed()),
    ])
    expect(union(sets)).toEqual(sids.map((sid) => sid.call_id))
  }
})

test('two gateways that place calls of the same people in two orders: one call for each', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const people = Array.from({ length: AT_ONCE }, (_, i) => `${round}-${i}`)
    const of = (person: string, n: number) =>
      callOf(1, n, { entries: [person], person_index: person, turns: [`live:${person}`] })
    const from = next
    next += 1_000
    const one = people.map((person, i) => of(person, from + i))
    const two = people.map((person, i) => of(person, from + 500 + i)).toReversed()
    const placed = await Promise.all([
      gateways[0].batch.placeCalls(one, keyLifeMs),
      gateways[1].batch.placeCalls(two, keyLifeMs),
    ])
    const said = new Map(placed.flat().map((row) => [row.callId, row]))
    // Those who were left out come again alone, all of them at the same time.
    const rest = [...one, ...two].filter(({ call_id: id }) => !said.has(id))
    const alone = await Promise.all(
      rest.map((call, i) =>
        (i % 2 === 0 ? gateways[0] : gateways[1]).batch.placeCalls([call], keyLifeMs),
      ),
    )
    for (const row of alone.flat()) said.set(row.callId, row)
    expect(said.size).toBe(2 * AT_ONCE)
    const rows = await bench.owner<{ person: string; count: number }[]>`
      select person_index as person, count(*)::int as count from calls
      where person_index = any (${people}) group by person_index`
    expect(rows.map(({ count }) => count)).toEqual(people.map(() => 1))
    const stored = [...said.values()].filter(({ createdAt }) => createdAt !== null)
    expect(stored).toHaveLength(AT_ONCE)
  }
})

test('a call that somebody is at work on is left out, and its neighbours do not wait', async () => {
  const [[t1, first], [t2, second], [t3, third]] = (await newCalls()) as [
    [number, number],
    [number, number],
    [number, number],
  ]
  await holder.begin(async (tx) => {
    await tx`select from call_heads where call_id = ${idOf('cal', first)} for no key update`
    const begun = await dialers[0].batch.beginDials([
      dialOf(t2, second),
      dialOf(t1, first),
      dialOf(t3, third),
    ])
    expect(union([begun])).toEqual([second, third].map((n) => idOf('cal', n)))
  })
  await dialers[0].batch.beginDials([dialOf(t1, first)])
  await holder.begin(async (tx) => {
    await tx`select from call_heads where call_id = ${idOf('cal', second)} for no key update`
    const kept = await dialers[0].batch.bindSids([
      sidOf(t1, first),
      sidOf(t2, second),
      sidOf(t3, third),
    ])
    expect(union([kept])).toEqual([first, third].map((n) => idOf('cal', n)))
  })
  const rows =
    await bench.owner`select from calls where id = ${idOf('cal', second)} and sid is null`
  expect(rows).toHaveLength(1)
})

test('what others have changed before its head is had counts, not what was there before', async () => {
  const [[t, n] = [1, 0]] = await newCalls()
  let late: Promise<ReadonlySet<string>> | undefined
  await holder.begin(async (tx) => {
    // The head as it was, and another's attempt: only the call's row is waited for.
    await tx`update calls set status = 'dialing', fence = 1 where id = ${idOf('cal', n)}`
    late = dialers[0].batch.beginDials([dialOf(t, n)])
    await expect.poll(() => waitingForLocks(bench.owner)).toBe(1)
  })
  expect(await late).toEqual(new Set())
  await holder.begin(async (tx) => {
    await tx`update calls set status = 'queued', fence = 2 where id = ${idOf('cal', n)}`
    late = dialers[0].batch.bindSids([sidOf(t, n)])
    await expect.poll(() => waitingForLocks(bench.owner)).toBe(1)
  })
  expect(await late).toEqual(new Set())
})

test('phones are locked in one order, whatever that of their calls is', async () => {
  // The call with the lower id is of the phone with the higher one.
  const [low, high] = [idOf('phn', 2), idOf('phn', 4)]
  await bench.owner`insert into phones (tenant_id, id, number, country)
    values (${idOf('ten', 2)}, ${high}, '+91800000001', 'IN') on conflict do nothing`
  const calls = [callOf(2, next, { phone_id: high }), callOf(2, next + 1, { phone_id: low })]
  await gateway.batch.placeCalls(calls, keyLifeMs)
  const ns = [next, next + 1]
  next += 1_000
  await dialers[0].batch.beginDials(
    ns.map((n, i) => dialOf(2, n, { phone_id: i === 0 ? high : low })),
  )
  await bench.owner`update phones set auth_failures = 1`
  let batch: Promise<ReadonlySet<string>> | undefined
  await holder.begin(async (tx) => {
    await tx`select from phones where id = ${low} for update`
    batch = dialers[0].batch.bindSids(ns.map((n) => sidOf(2, n)))
    await expect.poll(() => waitingForLocks(bench.owner)).toBe(1)
    expect(
      await bench.owner`select id from phones where id = ${high} for update nowait`,
    ).toHaveLength(1)
  })
  expect((await batch)?.size).toBe(2)
  const phones = await bench.owner`select from phones where tenant_id = ${idOf('ten', 2)}
    and auth_failures <> 0`
  expect(phones).toHaveLength(0)
})
