import { inspect } from 'node:util'
import type postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DbError, mayBeOfOne, type Database } from './index.ts'
import {
  batchBench,
  callOf,
  dialOf,
  keyLifeMs,
  sidOf,
  type BatchBench,
} from './testing/batch-rows.ts'
import { idOf } from './testing/fill-tenant.ts'
import { superClient } from './testing/super-client.ts'

let bench: BatchBench
let gateway: Database
let dialer: Database
let asGateway: postgres.Sql & AsyncDisposable
let asDialer: postgres.Sql & AsyncDisposable

beforeAll(async () => {
  bench = await batchBench()
  gateway = await bench.open('gateway')
  dialer = await bench.open('dialer')
  asGateway = superClient(bench.url('gateway'))
  asDialer = superClient(bench.url('dialer'))
})
afterAll(async () => {
  await asGateway[Symbol.asyncDispose]()
  await asDialer[Symbol.asyncDispose]()
  await bench[Symbol.asyncDispose]()
})

const calls = {
  place: 'select call_id from batch.place_calls($1::text::json, 1000)',
  begin: 'select call_id from batch.begin_dials($1::text::json)',
  bind: 'select call_id from batch.bind_sids($1::text::json)',
}

/** Runs a function as that login, in a transaction with these settings. */
function byHand(
  login: postgres.Sql,
  call: keyof typeof calls,
  rows: readonly object[],
  settings: Readonly<Record<string, string>>,
) {
  return login.begin(async (tx) => {
    for (const [name, value] of Object.entries(settings)) {
      await tx`select set_config(${name}, ${value}, true)`
    }
    return [...(await tx.unsafe(calls[call], [JSON.stringify(rows)]))]
  })
}

/** Everything that a batch may write, to compare before and after. */
async function written(): Promise<unknown> {
  const [row] = await bench.owner`
    select (select json_agg(c order by c.id) from calls c) as calls,
      (select json_agg(h order by h.call_id) from call_heads h) as heads,
      (select json_agg(p order by p.id) from phones p) as phones,
      (select json_agg(k order by k.call_id) from idempotency_keys k) as keys,
      (select count(*) from call_events) as events, (select count(*) from call_keys) as data_keys,
      (select count(*) from audit_log) as audit, (select count(*) from stream_tokens) as tokens,
      (select count(*) from account_requests) as requests`
  return row
}

const ours = { 'app.tenants': idOf('ten', 1) }
const alsoTheirs = { 'app.tenants': [1, 2].map((t) => idOf('ten', t)).join(',') }

describe('the fence', () => {
  test('calls of several tenants are stored, begun and answered together, each as its own', async () => {
    const of = [1, 2, 3, 2, 1].map((t, i) => [t, 11 + i] as const)
    const ids = of.map(([, n]) => idOf('cal', n))
    const placed = await gateway.batch.placeCalls(
      of.map(([t, n]) => callOf(t, n)),
      keyLifeMs,
    )
    expect(placed.map(({ callId }) => callId).toSorted()).toEqual(ids)
    const begun = await dialer.batch.beginDials(of.map(([t, n]) => dialOf(t, n)))
    expect([...begun].toSorted()).toEqual(ids)
    const bound = await dialer.batch.bindSids(of.map(([t, n]) => sidOf(t, n)))
    expect([...bound].toSorted()).toEqual(ids)
    const rows = await bench.owner`
      select c.tenant_id, c.id, c.status, c.sid, h.seq,
        (select count(*)::int from call_events e where e.tenant_id = c.tenant_id and e.call_id = c.id)
          as events,
        (select count(*)::int from audit_log a where a.tenant_id = c.tenant_id
          and (a.target_id = c.id or a.target_id = c.phone_id) and a.id = any (${of.flatMap(
            ([, n]) => [idOf('aud', n), idOf('aud', n + 500)],
          )})) > 0 as audited
      from calls c join call_heads h on h.tenant_id = c.tenant_id and h.call_id = c.id
      where c.id = any (${ids}) order by c.id`
    expect([...rows]).toEqual(
      of.map(([t, n]) => ({
        tenant_id: idOf('ten', t),
        id: idOf('cal', n),
        status: 'dialing',
        sid: `sid-of-${n}`,
        seq: 2,
        events: 2,
        audited: true,
      })),
    )
  })

  test('a call of a tenant that the transaction does not name is refused, with all of its batch', async () => {
    const before = await written()
    for (const settings of [ours, { 'app.tenant': idOf('ten', 1) }]) {
      for (const rows of [[callOf(2, 21)], [callOf(1, 22), callOf(2, 21)]]) {
        await expect(byHand(asGateway, 'place', rows, settings)).rejects.toMatchObject({
          code: '42501',
        })
      }
    }
    expect(await written()).toEqual(before)
    const named = await byHand(asGateway, 'place', [callOf(1, 22), callOf(2, 21)], alsoTheirs)
    expect(named).toHaveLength(2)
  })

  test('nothing of another tenant is told: not its live call, not its list', async () => {
    // Person 'i' has a call under way and an entry of the list with each tenant.
    const theirs = callOf(2, 25, { entries: ['i'], person_index: 'i' })
    await expect(byHand(asGateway, 'place', [theirs], ours)).rejects.toMatchObject({
      code: '42501',
    })
    const asOurs = { ...callOf(1, 25, { entries: ['person-21'] }) }
    const [row] = await gateway.batch.placeCalls([asOurs], keyLifeMs)
    expect(row).toMatchObject({ liveId: null, listedId: null, createdAt: expect.any(Date) as Date })
  })

  test('an attempt or a Sid of a tenant that the transaction does not name does nothing', async () => {
    await gateway.batch.placeCalls([callOf(1, 31), callOf(2, 32), callOf(2, 33)], keyLifeMs)
    await dialer.batch.beginDials([dialOf(2, 33)])
    const before = await written()
    for (const settings of [ours, { 'app.tenant': idOf('ten', 1) }]) {
      expect(await byHand(asDialer, 'begin', [dialOf(2, 32)], settings)).toEqual([])
      expect(await byHand(asDialer, 'bind', [sidOf(2, 33)], settings)).toEqual([])
      // Under its own tenant's name, and under another's.
      expect(await byHand(asDialer, 'begin', [dialOf(1, 32)], settings)).toEqual([])
      expect(await byHand(asDialer, 'bind', [sidOf(1, 33)], settings)).toEqual([])
    }
    expect(await written()).toEqual(before)
    const begun = await byHand(asDialer, 'begin', [dialOf(2, 32), dialOf(1, 31)], ours)
    expect(begun).toEqual([{ call_id: idOf('cal', 31) }])
  })

  test('without a tenant there is no batch', async () => {
    const before = await written()
    for (const settings of [{}, { 'app.tenants': '' }, { 'app.tenants': 'ten_' }]) {
      await expect(byHand(asGateway, 'place', [callOf(1, 41)], settings)).rejects.toMatchObject({
        code: '42501',
      })
    }
    for (const settings of [{}, { 'app.tenants': '', 'app.tenant': '' }]) {
      const begin = byHand(asDialer, 'begin', [dialOf(1, 31)], settings)
      await expect(begin).rejects.toMatchObject({ code: '42501' })
      const bind = byHand(asDialer, 'bind', [sidOf(1, 31)], settings)
      await expect(bind).rejects.toMatchObject({ code: '42501' })
    }
    expect(await written()).toEqual(before)
  })

  test.each(['calls', 'call_heads', 'phones', 'tenants', 'audit_log'])(
    'the tenants of a batch open no row of %s to a statement',
    async (table) => {
      const reads = asGateway.begin(async (tx) => {
        await tx`select set_config('app.tenants', ${alsoTheirs['app.tenants']}, true)`
        return tx`select tenant_id from ${tx(table)}`
      })
      await expect(reads).rejects.toMatchObject({ code: '42501' })
    },
  )

  test('the tenants of a batch are forgotten with it', async () => {
    await gateway.batch.placeCalls([callOf(1, 45)], keyLifeMs)
    const left = await byHand(asGateway, 'place', [callOf(1, 46)], ours).then(
      () => asGateway`select nullif(current_setting('app.tenants', true), '') as tenants`,
    )
    expect([...left]).toEqual([{ tenants: null }])
  })
})

describe('who may write what', () => {
  test.each([
    ['gateway', 'begin'],
    ['gateway', 'bind'],
    ['dialer', 'place'],
  ] as const)('the %s may not %s', async (login, call) => {
    const sql = login === 'gateway' ? asGateway : asDialer
    await expect(byHand(sql, call, [], ours)).rejects.toMatchObject({ code: '42501' })
  })

  test.each(['ingest', 'transcriber', 'copilot', 'courier'] as const)(
    'the %s may not even look for them',
    async (service) => {
      await using login = superClient(bench.url(service))
      for (const call of ['place', 'begin', 'bind'] as const) {
        await expect(byHand(login, call, [], ours)).rejects.toMatchObject({ code: '42501' })
      }
    },
  )

  test('nobody becomes the role that writes them', async () => {
    await expect(asDialer`set role callwire_batch`).rejects.toMatchObject({ code: '42501' })
  })
})

test('a tenant is named by its id and by nothing else', async () => {
  const odd = { ...callOf(1, 51), tenant_id: `${idOf('ten', 1)},${idOf('ten', 2)}` }
  await expect(gateway.batch.placeCalls([odd], keyLifeMs)).rejects.toMatchObject({
    code: 'invalid',
  })
})

test('a fault is everybody’s, may be of one, and says nothing of the rows', async () => {
  const before = await written()
  const gone = callOf(2, 62, { phone_id: idOf('phn', 99), metadata_sealed: 'cw1d.secret' })
  const error: unknown = await gateway.batch
    .placeCalls([callOf(1, 61), gone], keyLifeMs)
    .catch((fault: unknown) => fault)
  expect(error).toMatchObject({ code: 'foreign_key', constraint: 'calls_phone' })
  expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/secret/)
  expect(mayBeOfOne(error)).toBe(true)
  expect(await written()).toEqual(before)
})

test.each([
  ['a lost connection', new DbError({ code: 'unavailable' })],
  [
    'a server that stops, and may have committed',
    new DbError({ code: 'unavailable', sqlstate: '57P01' }),
  ],
  ['a server without room', new DbError({ code: 'unavailable', sqlstate: '53300' })],
  ['anything else', new Error('else')],
])('%s is no fault of one', (_name, error) => {
  expect(mayBeOfOne(error)).toBe(false)
})
