import { ID_RANDOM_BYTES, newId } from '@callwire/contracts'
import { systemRandom } from '@callwire/runtime'
import postgres from 'postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { rowsOf } from '../../testing/database-rows.ts'
import type { NewCall, StoreOutcome } from './store-call.ts'
import { storeUnderTest, type StoreUnderTest } from './testing/store-under-test.ts'

let at: StoreUnderTest
beforeAll(async () => {
  at = await storeUnderTest()
})
afterAll(() => at[Symbol.asyncDispose]())
beforeEach(() => at.sizes.splice(0))

let people = 0
const somebody = () => `+9198114${String(10_000 + (people += 1))}`
const neighbours = (count: number) => Array.from({ length: count }, () => at.newCall(somebody()))
const storeAll = (calls: readonly NewCall[]) => Promise.all(calls.map((call) => at.store(call)))
const kindsOf = (outcomes: readonly StoreOutcome[]) => outcomes.map(({ kind }) => kind)
const stored = (count: number) => Array.from({ length: count }, () => 'stored')

/** Which of these calls have a row in each of the tables that a stored call is in. */
async function whole(calls: readonly NewCall[]): Promise<string[]> {
  const found = await Promise.all(
    [
      ['calls', 'id'],
      ['call_heads', 'call_id'],
      ['call_events', 'call_id'],
      ['call_keys', 'call_id'],
      ['audit_log', 'target_id'],
    ].map(async ([table = '', id = '']) => {
      const rows = await rowsOf(at.gw.databaseUrl, table)
      return new Set(rows.map((row) => `${String(row['tenant_id'])} ${String(row[id])}`))
    }),
  )
  const rowsFor = (call: NewCall) =>
    found.filter((keys) => keys.has(`${call.tenantId} ${call.callId}`)).length
  const partly = calls.filter((call) => ![0, found.length].includes(rowsFor(call)))
  expect(partly).toEqual([])
  return calls.filter((call) => rowsFor(call) > 0).map(({ callId }) => callId)
}

const idsOf = (calls: readonly NewCall[]) => calls.map(({ callId }) => callId)

/** Runs `work` while somebody else has these people's turns. */
async function whileHeld<T>(turns: readonly string[], work: () => Promise<T>): Promise<T> {
  const sql = postgres(at.gw.databaseUrl, { max: 1, onnotice: () => undefined })
  try {
    for (const turn of turns) await sql`select pg_advisory_lock(hashtextextended(${turn}, 0))`
    return await work()
  } finally {
    await sql.end({ timeout: 5 })
  }
}
const personTurns = (call: NewCall) => call.entries.map((entry) => `live:${call.tenantId}:${entry}`)

describe('calls of one moment', () => {
  it('are stored in one transaction, each whole and with its own tenant', async () => {
    const { stranger } = at.gw
    const calls = Array.from({ length: 30 }, (_, i) =>
      at.newCall(somebody(), i % 2 === 0 ? {} : { tenantId: stranger.tenantId, key: `both-${i}` }),
    )
    expect(kindsOf(await storeAll(calls))).toEqual(stored(30))
    expect(at.sizes).toEqual([30])
    expect(await whole(calls)).toEqual(idsOf(calls))
    const rows = await rowsOf(at.gw.databaseUrl, 'idempotency_keys')
    const keys = rows.filter(({ key }) => String(key).startsWith('both-'))
    const claims = calls.flatMap(({ tenantId, callId, claim }) =>
      claim === null ? [] : [{ tenant_id: tenantId, call_id: callId, key: claim.key }],
    )
    expect(keys).toHaveLength(claims.length)
    expect(keys).toEqual(
      expect.arrayContaining(claims.map((o) => expect.objectContaining(o) as object)),
    )
  })

  it('are two tenants’ where the person or the key is the same', async () => {
    const to = somebody()
    const { tenantId } = at.gw.stranger
    const calls = [at.newCall(to, { key: 'same' }), at.newCall(to, { key: 'same', tenantId })]
    expect(kindsOf(await storeAll(calls))).toEqual(stored(2))
    expect(at.sizes).toEqual([2])
  })

  it('are one where they have one key, whatever else is in them', async () => {
    const key = 'once'
    const twice = [at.newCall(somebody(), { key }), at.newCall(somebody(), { key })]
    const [first, ...others] = await storeAll([...twice, ...neighbours(3)])
    expect(first?.kind).toBe('stored')
    expect(kindsOf(others)).toEqual(['claimed_before', ...stored(3)])
    expect(await whole(twice)).toEqual(idsOf(twice.slice(0, 1)))
  })

  it('to one person are one, and the others are told which; unless they insist', async () => {
    const to = somebody()
    const shy = Array.from({ length: 4 }, () => at.newCall(to))
    const outcomes = await storeAll([...shy, ...neighbours(3)])
    const { callId = '' } = shy[0] ?? {}
    expect(outcomes).toMatchObject([
      { kind: 'stored' },
      ...Array.from({ length: 3 }, () => ({ kind: 'live', callId })),
      ...Array.from({ length: 3 }, () => ({ kind: 'stored' })),
    ])
    expect(await whole(shy)).toEqual([callId])
    const insisting = Array.from({ length: 3 }, (_, i) =>
      at.newCall(to, { allowConcurrent: true, key: `insists-${i}` }),
    )
    at.sizes.splice(0)
    expect(kindsOf(await storeAll(insisting))).toEqual(stored(3))
    expect(at.sizes).toEqual([3])
  })

  it('are refused one by one where the never-call list or a live call says so', async () => {
    const { gw } = at
    const listed = somebody()
    const called = somebody()
    const token = gw.tenant.apiKey
    const body = { number: listed, reason: 'Asked' }
    const entry = await gw.send({ method: 'POST', url: '/api/v1/never-call', token, body })
    const { id } = (entry.json as { data: { neverCall: { id: string } } }).data.neverCall
    const live = at.newCall(called)
    await at.store(live)
    const { tenantId } = gw.stranger
    const outcomes = await storeAll([
      at.newCall(somebody()),
      at.newCall(listed),
      at.newCall(called),
      // Another tenant's list and calls are nothing to these.
      at.newCall(listed, { tenantId }),
      at.newCall(called, { tenantId }),
    ])
    expect(outcomes).toMatchObject([
      { kind: 'stored' },
      { kind: 'never_call', id, expiresAt: null },
      { kind: 'live', callId: live.callId },
      { kind: 'stored' },
      { kind: 'stored' },
    ])
    expect(at.sizes).toEqual([1, 5])
  })
})

describe('a call that the database refuses', () => {
  it.each<[string, string, () => Partial<NewCall>]>([
    ['with a rule broken', 'invalid', () => ({ personMasked: '+91 98114 1234' })],
    ['whose agent is gone', 'foreign_key', () => ({ agentId: newId('agent', o()) })],
    ['whose phone is gone', 'foreign_key', () => ({ phoneId: newId('phone', o()) })],
    ['with an id that is taken', 'conflict', () => ({ callId: at.own.calls })],
    ['with another’s phone', 'foreign_key', () => ({ phoneId: at.theirs.phones })],
  ])('%s fails alone', async (_how, code, fault) => {
    const bad = at.newCall(somebody(), fault())
    const good = neighbours(5)
    const settled = await Promise.allSettled([bad, ...good].map((call) => at.store(call)))
    expect(settled).toMatchObject([
      { status: 'rejected', reason: { code } },
      ...good.map(() => ({ status: 'fulfilled', value: { kind: 'stored' } })),
    ])
    expect(at.sizes).toEqual([6, 1, 1, 1, 1, 1, 1])
    expect(await whole(good)).toEqual(idsOf(good))
  })

  const o = () => ({ nowMs: Date.now(), random: systemRandom(ID_RANDOM_BYTES) })
})

describe('a call whose person somebody else has', () => {
  it('waits alone: its neighbours are answered', async () => {
    const held = at.newCall(somebody())
    const others = neighbours(4)
    const outcomes = await whileHeld(personTurns(held), () => storeAll([held, ...others]))
    expect(kindsOf(outcomes)).toEqual(['busy', ...stored(4)])
    expect(at.sizes).toEqual([5, 1])
    expect((await at.store(held)).kind).toBe('stored')
  })

  it('is stored once they are done, long after its neighbours were answered', async () => {
    const held = at.newCall(somebody())
    const waits = Promise.withResolvers<undefined>()
    const store = at.storeAfter((ids) =>
      ids.length === 1 && ids[0] === held.callId ? waits.promise : Promise.resolve(),
    )
    let isSettled = false
    const waiting = await whileHeld(personTurns(held), async () => {
      const first = store(held).finally(() => (isSettled = true))
      const others = await Promise.all(neighbours(4).map((call) => store(call)))
      const later = await Promise.all(neighbours(4).map((call) => store(call)))
      expect(kindsOf([...others, ...later])).toEqual(stored(8))
      expect(isSettled).toBe(false)
      return { first }
    })
    waits.resolve(undefined)
    expect((await waiting.first).kind).toBe('stored')
  })

  it('keeps those that want the same one from the database, and nobody else', async () => {
    const to = somebody()
    const many = Array.from({ length: 40 }, (_, i) => at.newCall(to, { key: `many-${i}` }))
    await whileHeld(personTurns(at.newCall(to)), async () => {
      const busy = storeAll(many)
      // More than there are connections wait, and these are still stored at once.
      expect(kindsOf(await storeAll(neighbours(4)))).toEqual(stored(4))
      expect(new Set(kindsOf(await busy))).toEqual(new Set(['busy']))
    })
    // One with its neighbours, then alone; and whoever was next when it gave up.
    expect(at.sizes.length).toBeLessThan(10)
    expect(await whole(many)).toEqual([])
  })
})
