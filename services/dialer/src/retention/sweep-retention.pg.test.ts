import { createDataKey, openWithDataKey } from '@callwire/crypto'
import { calls, connectDatabase, tenantAlerts, type Database } from '@callwire/db'
import { createLedger } from '@callwire/ledger'
import { systemClock, systemRandom } from '@callwire/runtime'
import { captureLogs, type CapturedLogs } from '@callwire/testkit'
import { eq } from 'drizzle-orm'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { DialerDeps } from '../deps.ts'
import { applyCallbacks } from '../news/apply-callbacks.ts'
import { contentRing } from '../test-support/keys.ts'
import { killedAt } from '../test-support/killed-at.ts'
import { dialerSuite } from '../test-support/suite.ts'
import { tenantWorld, type TenantWorld } from '../test-support/tenant-world.ts'
import { everything, wholeCalls, type WholeCalls } from '../test-support/whole-call.ts'
import { DAY_MS } from './decide-erasure.ts'
import { sweepRetention } from './sweep-retention.ts'

const suite = dialerSuite()
/** More than a test takes, so that what is nearly due does not become so. */
const marginMs = 600_000
const never = new AbortController().signal

let whole: WholeCalls
let other: TenantWorld
let phoneId: string
let logs: CapturedLogs
let erased: [kind: string, calls: number][]
let runs: number[]

beforeAll(async () => {
  whole = await wholeCalls(suite.database)
})
afterAll(() => whole[Symbol.asyncDispose]())
beforeEach(async () => {
  other = await tenantWorld(suite.database)
  phoneId = await suite.world.addPhone(null, { kind: 'stream' })
  logs = captureLogs()
  erased = []
  runs = []
})
afterEach(() => other[Symbol.asyncDispose]())

function depsOn(database: Database) {
  const clock = systemClock
  const random = systemRandom
  const doorbell = { ringEvents: () => Promise.resolve() }
  return {
    ...{ database, clock, random, log: logs.log, contentRing },
    ledger: createLedger({ database, doorbell, clock, random, log: logs.log }),
    metrics: {
      alert: () => undefined,
      news: () => undefined,
      erased: (kind: string, count: number) => {
        if (count > 0) erased.push([kind, count])
      },
      retentionRun: (atMs: number) => void runs.push(atMs),
    } as unknown as DialerDeps['metrics'],
  }
}

const sweep = (database: Database = whole.dialer, batchSize?: number) =>
  sweepRetention(depsOn(database), never, batchSize)
const add = (days: number, world = suite.world, phone = phoneId) =>
  whole.add(world, phone, { endedAgoMs: days * DAY_MS + marginMs })
const left = (callId: string, world = suite.world) => whole.left(world, callId)
const without = (...gone: string[]) => everything.filter((name) => !gone.includes(name))
const swept = async (world = suite.world) =>
  (await world.audits()).filter(({ action }) => action === 'retention.swept')

const wordsGone = ['words', 'key', 'secrets', 'url']
const numberGone = ['number', 'masked', 'metadata', 'url', 'callbacks', 'fingerprint']

describe('what is over', () => {
  test.each([
    ['words', { words: 30 }, wordsGone],
    ['numbers', { numbers: 30 }, numberGone],
    ['recordings', { recordings: 30 }, ['recording']],
    ['all of it', { words: 30, numbers: 30, recordings: 30 }, everything.slice(1)],
    ['nothing', {}, []],
  ])('%s: exactly that goes, of exactly those calls', async (_what, lives, gone) => {
    const kinds = Object.keys(lives)
    await whole.keep(suite.world, lives)
    const [old, older, young] = [await add(30), await add(31), await add(29)]
    const others = await other.addPhone(null, { kind: 'stream' })
    const theirs = await add(400, other, others)
    const before = [await whole.stored(suite.world, young), await whole.stored(other, theirs)]
    await sweep()
    for (const callId of [old, older]) expect(await left(callId)).toEqual(without(...gone))
    expect([await whole.stored(suite.world, young), await whole.stored(other, theirs)]).toEqual(
      before,
    )
    const counts = { recordings: 0, words: 0, numbers: 0 }
    const [entry, ...more] = await swept()
    if (kinds.length === 0) expect(entry).toBeUndefined()
    else {
      const { call: first } = await whole.stored(suite.world, older)
      const { call: last } = await whole.stored(suite.world, old)
      expect(entry).toMatchObject({
        ...{ actorKind: 'service', actorId: 'dialer', targetKind: null, targetId: null },
        details: {
          ...counts,
          ...Object.fromEntries(kinds.map((kind) => [kind, 2])),
          oldestEndedAt: first.endedAt?.toISOString(),
          newestEndedAt: last.endedAt?.toISOString(),
        },
      })
    }
    expect([more, await swept(other)]).toEqual([[], []])
    expect(erased.toSorted()).toEqual(kinds.map((kind) => [kind, 2]).toSorted())
    expect(runs).toHaveLength(1)
  })

  test('goes by each tenant’s own lives, which may change, and once', async () => {
    const others = await other.addPhone(null, { kind: 'stream' })
    const [mine, theirs] = [await add(10), await add(10, other, others)]
    await whole.keep(suite.world, { words: 9 })
    await whole.keep(other, { words: 11, numbers: 9 })
    await sweep()
    expect(await left(mine)).toEqual(without(...wordsGone))
    expect(await left(theirs, other)).toEqual(without(...numberGone))
    const before = await whole.stored(suite.world, mine)
    await sweep()
    expect(await whole.stored(suite.world, mine)).toEqual(before)
    await whole.keep(suite.world, { words: 9, numbers: 10, recordings: 10 })
    await sweep()
    expect(await left(mine)).toEqual(['chain'])
    expect((await swept()).map(({ details }) => details)).toMatchObject([
      { words: 1, numbers: 0, recordings: 0 },
      { words: 0, numbers: 1, recordings: 1 },
    ])
    expect(await swept(other)).toHaveLength(1)
  })

  test('is nothing of a call that is not over: no receipt, words or sockets still to come', async () => {
    await whole.keep(suite.world, { words: 1, numbers: 1, recordings: 1 })
    const open = await whole.add(suite.world, phoneId, { endedAgoMs: 9 * DAY_MS, open: true })
    const again = await add(9)
    await suite.world.ledger.transact(suite.world.tenantId, again, async (w) => {
      await w.append({ type: 'transcript.gap', data: { fromMs: 0, toMs: 1, reason: 'late' } })
    })
    const live = await add(9)
    await suite.world.withTenant((tx) =>
      tx.update(calls).set({ status: 'in-progress', endedAt: null }).where(eq(calls.id, live)),
    )
    await sweep()
    for (const callId of [open, again, live]) expect(await left(callId)).toEqual(everything)
    expect(await swept()).toEqual([])
    // Nor does it stand in the way of one that is.
    const over = await add(2)
    await sweep(whole.dialer, 1)
    expect(await left(over)).toEqual(['chain'])
  })
})

describe('what was erased', () => {
  test('cannot be opened by anybody, while the chain proves what is left', async () => {
    await whole.keep(suite.world, { words: 5 })
    const [callId, kept] = [await add(5), await add(4)]
    const { tenantId } = suite.world
    const before = await suite.world.events(callId)
    await sweep()
    const after = await suite.world.events(callId)
    expect(after.map(({ seq, type, hash }) => [seq, type, hash])).toEqual(
      before.map(({ seq, type, hash }) => [seq, type, hash]),
    )
    const gone = after.filter((event) => event.data === null)
    expect(gone).toEqual([
      {
        ...{ id: before[1]?.id, callId, seq: 2, type: 'transcript.final', at: before[1]?.at },
        ...{ hash: before[1]?.hash, data: null, erased: true },
        commit: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      },
    ])
    // A copy of what was sealed, with every key that is left and a new one.
    const context = { purpose: 'transcript-original', tenantId, rowId: callId, field: 'text' }
    const copy = whole.copies.get(callId) ?? ''
    expect(openWithDataKey(whole.keyOf(callId), context, copy).toString('utf8')).toContain('4111')
    const { keys } = await whole.stored(suite.world, callId)
    expect(keys).toEqual([])
    const made = createDataKey(contentRing, { tenantId, callId }).dataKey
    for (const key of [made, whole.keyOf(kept)]) {
      expect(() => openWithDataKey(key, context, copy)).toThrow('could not be opened')
    }
  })

  test('leaves no number in what the dialer stores of the call later', async () => {
    await whole.keep(suite.world, { numbers: 1 })
    const callId = await add(1)
    await sweep()
    await suite.world.addCallback(callId, {
      ...{ CallSid: 'x', Status: 'completed', From: '09876543210' },
      RecordingUrl: 'https://r.example/late',
    })
    const { tenantId } = suite.world
    await applyCallbacks(depsOn(whole.dialer), { tenantId, callId })
    expect(await left(callId)).toEqual(without(...numberGone))
  })
})

describe('a sweep', () => {
  test('goes batch by batch, every tenant’s first before anybody’s second', async () => {
    const others = await other.addPhone(null, { kind: 'stream' })
    for (const world of [suite.world, other]) await whole.keep(world, { words: 1 })
    const mine: string[] = []
    for (let n = 5; n > 0; n -= 1) mine.push(await add(n))
    await add(1, other, others)
    await sweep(whole.dialer, 2)
    for (const callId of mine) expect(await left(callId)).toEqual(without(...wordsGone))
    expect((await swept()).map(({ details }) => details['words'])).toEqual([2, 2, 1])
    const order = logs.lines().flatMap((line) => (line['msg'] === 'retention swept' ? [line] : []))
    expect(order.slice(0, 2).map(({ tenantId }) => tenantId)).toEqual(
      [suite.world.tenantId, other.tenantId].toSorted(),
    )
    expect(order).toHaveLength(4)
  })

  test('shares the work with those of other dialers: each call once', async () => {
    await whole.keep(suite.world, { words: 1, numbers: 1 })
    for (let n = 0; n < 9; n += 1) await add(1 + n)
    const url = suite.database.serviceUrl('dialer')
    const second = await connectDatabase({ url, applicationName: 'test', maxConnections: 3 })
    await Promise.all([sweep(whole.dialer, 2), sweep(second, 2), sweep(second, 2)])
    await sweep()
    await second.close()
    const entries = (await swept()).map(({ details }) => details)
    const sum = (kind: string) => entries.reduce((n, details) => n + Number(details[kind]), 0)
    expect([sum('words'), sum('numbers')]).toEqual([9, 9])
  })

  test('leaves a call alone that somebody is at, and takes it the next time', async () => {
    await whole.keep(suite.world, { words: 1 })
    const [busy, free] = [await add(3), await add(2)]
    await suite.world.ledger.transact(suite.world.tenantId, busy, async () => {
      await sweep()
      expect(await left(free)).toEqual(without(...wordsGone))
    })
    expect(await left(busy)).toEqual(everything)
    await sweep()
    expect(await left(busy)).toEqual(without(...wordsGone))
  })

  test('that is killed before its end has done nothing; the next one does it all', async () => {
    await whole.keep(suite.world, { words: 1, numbers: 1, recordings: 1 })
    const callIds = [await add(2), await add(3)]
    const before = await Promise.all(callIds.map((id) => whole.stored(suite.world, id)))
    for (const table of ['call_keys', 'call_events', 'idempotency_keys', 'audit_log']) {
      await sweep(killedAt(whole.dialer, table))
      expect(await Promise.all(callIds.map((id) => whole.stored(suite.world, id)))).toEqual(before)
    }
    expect([await swept(), erased, runs]).toEqual([[], [], []])
    await sweep()
    for (const callId of callIds) expect(await left(callId)).toEqual(['chain'])
    expect(await swept()).toHaveLength(1)
  })

  test('that fails for one tenant says so and goes on to the others', async () => {
    const others = await other.addPhone(null, { kind: 'stream' })
    const worlds = [suite.world, other].toSorted((a, b) => (a.tenantId < b.tenantId ? -1 : 1))
    const [first, last] = worlds
    if (first === undefined || last === undefined) throw new Error('two tenants')
    const phoneOf = (world: TenantWorld) => (world === other ? others : phoneId)
    for (const world of worlds) await whole.keep(world, { numbers: 1 })
    const failing = await add(1, first, phoneOf(first))
    const sound = await add(1, last, phoneOf(last))
    await sweep({
      ...whole.dialer,
      withTenant: (tenantId, work) =>
        killedAt(whole.dialer, tenantId === first.tenantId ? 'calls' : 'nothing').withTenant(
          tenantId,
          work,
        ),
    })
    expect(await left(failing, first)).toEqual(everything)
    expect(await left(sound, last)).toEqual(without(...numberGone))
    const alerts = await first.withTenant((tx) => tx.select().from(tenantAlerts))
    expect(alerts).toMatchObject([{ code: 'retention_failed', severity: 'page' }])
    expect(runs).toEqual([])
  })

  test('ends between two batches when its process does', async () => {
    await whole.keep(suite.world, { words: 1 })
    await add(1)
    const ending = AbortSignal.abort()
    await sweepRetention(depsOn(whole.dialer), ending)
    expect(await swept()).toEqual([])
  })
})
