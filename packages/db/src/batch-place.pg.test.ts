import type postgres from 'postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CallToPlace, Database } from './index.ts'
import { batchBench, callOf, keyed, keyLifeMs, type BatchBench } from './testing/batch-rows.ts'
import { idOf } from './testing/fill-tenant.ts'
import { superClient } from './testing/super-client.ts'

let bench: BatchBench
let gateway: Database
let other: postgres.Sql & AsyncDisposable

beforeAll(async () => {
  bench = await batchBench()
  gateway = await bench.open('gateway')
  other = superClient(bench.url('gateway'))
})
afterAll(async () => {
  await other[Symbol.asyncDispose]()
  await bench[Symbol.asyncDispose]()
})

const place = (...calls: CallToPlace[]) => gateway.batch.placeCalls(calls, keyLifeMs)
const idsOf = (placed: { callId: string }[]) => placed.map(({ callId }) => callId).toSorted()
const stored = async (...ns: number[]) => {
  const ids = ns.map((n) => idOf('cal', n))
  const rows = await bench.owner<{ id: string }[]>`
    select id from calls where id = any (${ids}) order by id`
  return rows.map(({ id }) => id)
}
/** Holds turns in another transaction while something runs. */
const holding = <T>(turns: readonly string[], work: () => Promise<T>): Promise<T> =>
  other.begin(async (tx) => {
    for (const turn of turns) await tx`select pg_advisory_xact_lock(hashtextextended(${turn}, 0))`
    return work()
  }) as Promise<T>

test('a call is stored with all that belongs to it', async () => {
  const scheduled = new Date(Date.now() + 60_000)
  const call = callOf(1, 11, { ...keyed('all'), priority: 3, record: true, schedule_at: scheduled })
  const [row] = await place(call)
  expect(row).toEqual({
    callId: idOf('cal', 11),
    liveId: null,
    listedId: null,
    listedUntil: null,
    createdAt: expect.any(Date) as Date,
    dueAt: scheduled,
  })
  const [found] = await bench.owner`
    select c.status, c.direction, c.priority, c.record, c.person_sealed, c.person_masked,
      c.person_index, c.agent_id, h.seq, h.hash, h.last_type, e.id as event, e.type, e.salt, e.commit,
      k.wrapped, a.action, a.target_id, a.details, i.fingerprint, i.status as answered
    from calls c join call_heads h on h.call_id = c.id join call_events e on e.call_id = c.id
      join call_keys k on k.call_id = c.id join idempotency_keys i on i.call_id = c.id
      join audit_log a on a.id = ${call.audit_id}
    where c.id = ${call.call_id}`
  expect(found).toEqual({
    status: 'queued',
    direction: 'outbound',
    priority: 3,
    record: true,
    person_sealed: call.person_sealed,
    person_masked: call.person_masked,
    person_index: call.person_index,
    agent_id: call.agent_id,
    seq: 1,
    hash: call.hash,
    last_type: 'call.status',
    event: call.event_id,
    type: 'call.status',
    salt: call.salt,
    commit: call.commit,
    wrapped: call.wrapped,
    action: 'call.placed',
    target_id: call.call_id,
    details: call.details,
    fingerprint: 'of all',
    answered: 202,
  })
})

test('a moment that has passed means now', async () => {
  const [row] = await place(callOf(1, 15, { schedule_at: new Date(0) }))
  expect(row?.dueAt).toEqual(row?.createdAt)
})

test('as many as a batch may hold are stored together', async () => {
  const ns = Array.from({ length: 32 }, (_, i) => 100 + i)
  const placed = await place(...ns.map((n) => callOf(1 + (n % 3), n, keyed(`many ${n}`))))
  expect(placed.every(({ createdAt }) => createdAt !== null)).toBe(true)
  expect(await stored(...ns)).toEqual(idsOf(placed))
  expect(placed).toHaveLength(32)
})

test('of two with one idempotency key one is stored, and the other left out of the answer', async () => {
  const placed = await place(
    callOf(1, 21, keyed('twice')),
    callOf(1, 22, keyed('twice')),
    callOf(2, 23, keyed('once')),
  )
  expect(idsOf(placed)).toEqual([idOf('cal', 21), idOf('cal', 23)])
  expect(await stored(21, 22, 23)).toEqual(idsOf(placed))
  // Alone it is told that its key is taken, and nothing of it is written.
  const [late] = await place(callOf(1, 22, keyed('twice')))
  expect(late).toMatchObject({ callId: idOf('cal', 22), createdAt: null, liveId: null })
  expect(await stored(22)).toEqual([])
})

test('of two about one person one is stored, and the other left out of the answer', async () => {
  const one = { entries: ['shared'], person_index: 'shared', turns: ['person-shared'] }
  const placed = await place(callOf(1, 31, one), callOf(1, 32, one), callOf(1, 33))
  expect(idsOf(placed)).toEqual([idOf('cal', 31), idOf('cal', 33)])
  const [late] = await place(callOf(1, 32, one))
  expect(late).toMatchObject({ liveId: idOf('cal', 31), createdAt: null })
  expect(await stored(31, 32, 33)).toEqual(idsOf(placed))
})

test('calls that take no turn are stored with the others', async () => {
  const free = { turns: [], allow_concurrent: true, entries: ['i'], person_index: 'free' }
  const placed = await place(callOf(3, 35), callOf(3, 36, { ...free, entries: ['free'] }))
  expect(idsOf(placed)).toEqual([idOf('cal', 35), idOf('cal', 36)])
  const both = await place(
    callOf(3, 37, { ...free, entries: ['free'] }),
    callOf(3, 38, { ...free, entries: ['free'] }),
  )
  expect(both.map(({ createdAt }) => createdAt)).toEqual([
    expect.any(Date) as Date,
    expect.any(Date) as Date,
  ])
})

test('a turn that another transaction holds: left out among others, waited for when alone', async () => {
  const call = callOf(1, 41)
  const placed = await holding(call.turns, () => place(call, callOf(2, 42)))
  expect(idsOf(placed)).toEqual([idOf('cal', 42)])
  expect(await stored(41, 42)).toEqual([idOf('cal', 42)])

  let alone: Promise<unknown> | undefined
  await holding(call.turns, async () => {
    alone = place(call)
    const waiting = () => bench.owner`
      select from pg_locks where locktype = 'advisory' and not granted
        and database = (select oid from pg_database where datname = current_database())`
    await expect.poll(async () => (await waiting()).length).toBe(1)
    expect(await stored(41)).toEqual([])
  })
  expect(await alone).toMatchObject([
    { callId: idOf('cal', 41), createdAt: expect.any(Date) as Date },
  ])
})

test('one alone waits for a turn for two seconds, and is told so', async () => {
  const call = callOf(1, 45)
  await holding(call.turns, () =>
    expect(place(call)).rejects.toMatchObject({ code: 'unavailable', sqlstate: '55P03' }),
  )
  expect(await stored(45)).toEqual([])
})

test('what stands in the way is told, each of a batch for itself', async () => {
  const person = { entries: ['old', 'i'], person_index: 'i' }
  const [live, beside, free] = [
    callOf(1, 51, person),
    callOf(2, 52, { ...person, allow_concurrent: true }),
    callOf(3, 53),
  ]
  // Person 'i' is on the list for good, and has a call under way, with every tenant.
  await bench.owner`delete from never_call where tenant_id = ${idOf('ten', 1)}`
  await bench.owner`update never_call set expires_at = '2100-01-01' where tenant_id = ${idOf('ten', 2)}`
  const rows = new Map((await place(live, beside, free)).map((row) => [row.callId, row]))
  expect(rows.get(live.call_id)).toMatchObject({
    liveId: idOf('cal', 1),
    listedId: null,
    createdAt: null,
  })
  expect(rows.get(beside.call_id)).toMatchObject({
    liveId: null,
    listedId: idOf('nvc', 2),
    listedUntil: new Date('2100-01-01'),
    createdAt: null,
  })
  expect(await stored(51, 52, 53)).toEqual([idOf('cal', 53)])

  // An entry that is over when the call is dialed, and one allowed beside another.
  const later = { ...beside, call_id: idOf('cal', 54), dialed_from: new Date('2100-01-01') }
  const [row] = await place({ ...later, audit_id: idOf('aud', 54), event_id: idOf('evt', 54) })
  expect(row).toMatchObject({ liveId: null, listedId: null, createdAt: expect.any(Date) as Date })
})

test.each([
  ['queued', true, 200],
  ['dialing', true, 202],
  ['unknown', true, 204],
  ['ringing', true, 206],
  ['in-progress', true, 208],
  ['completed', false, 210],
  ['failed', false, 212],
  ['canceled', false, 214],
])('a call that is %s is in the way: %s', async (status, isInTheWay, n) => {
  const person = { entries: [`was ${status}`], person_index: `was ${status}` }
  await place(callOf(1, n, person))
  await bench.owner`update calls set status = ${status} where id = ${idOf('cal', n)}`
  const [row] = await place(callOf(1, n + 1, person))
  expect(row?.liveId).toBe(isInTheWay ? idOf('cal', n) : null)
})

test('a key whose life is over is taken over, unless its call waits still', async () => {
  const old = async (n: number, status: string) => {
    await place(callOf(1, n, keyed(`old ${n}`)))
    await bench.owner`update calls set status = ${status} where id = ${idOf('cal', n)}`
    await bench.owner`update idempotency_keys set created_at = now() - interval '2 days'
      where call_id = ${idOf('cal', n)}`
  }
  await old(61, 'completed')
  await old(62, 'queued')
  await old(63, 'dialing')
  await place(callOf(1, 64, keyed('old 64')))
  const again = [61, 62, 63, 64].map((n) => callOf(1, n + 10, keyed(`old ${n}`)))
  const rows = await place(...again)
  const taken = rows.filter(({ createdAt }) => createdAt !== null)
  expect(rows).toHaveLength(4)
  expect(idsOf(taken)).toEqual([idOf('cal', 71)])
  const [key] = await bench.owner`select call_id, created_at > now() - interval '1 day' as fresh
    from idempotency_keys where key = 'old 61'`
  expect(key).toEqual({ call_id: idOf('cal', 71), fresh: true })
  expect(await stored(71, 72, 73, 74)).toEqual([idOf('cal', 71)])
})

test('the same key is another one with another tenant', async () => {
  const [one, two] = [keyed('of both'), { ...keyed('of both'), turns: ['of the second'] }]
  const placed = await place(callOf(1, 81, one), callOf(2, 82, two))
  expect(placed.every(({ createdAt }) => createdAt !== null)).toBe(true)
})
