import { testDatabase, type TestDatabase } from '@callwire/testkit'
import type postgres from 'postgres'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { connectDatabase, sealedPlaces } from '../index.ts'
import type { Database, KeyJob, KeyStore } from '../index.ts'
import { idOf } from '../testing/fill-tenant.ts'
import { superClient } from '../testing/super-client.ts'

let database: TestDatabase
let sql: postgres.Sql & AsyncDisposable
let dialers: [Database, Database]
let gateway: Database
let keys: KeyStore

beforeAll(async () => {
  database = await testDatabase()
  sql = superClient(database.url)
  const connect = (service: string) =>
    connectDatabase({ url: database.serviceUrl(service), applicationName: 'test' })
  dialers = [await connect('dialer'), await connect('dialer')]
  gateway = await connect('gateway')
  keys = dialers[0].keys
})
afterAll(async () => {
  await Promise.all([...dialers, gateway].map((one) => one.close()))
  await sql[Symbol.asyncDispose]()
  await database.drop()
})
beforeEach(() => sql`truncate key_jobs`)

const id = idOf('kjb', 1)
const start = (n = 1, kind: KeyJob['kind'] = 'rotate') =>
  gateway.keys.createJob({ id: idOf('kjb', n), kind, toKid: 'k2', total: 10 })
const step = {
  done: 3,
  failed: 1,
  failedRows: [{ place: 'call_keys', tenantId: idOf('ten', 1), id: idOf('cal', 1) }],
  place: 'call_keys',
  afterTenant: idOf('ten', 1),
  afterId: idOf('cal', 1),
  busyMs: 1_500.4,
} satisfies Parameters<KeyStore['advanceJob']>[2]
const claim = (owner: string, staleMs: number, by: Database = dialers[0]) =>
  by.keys.claimJob(owner, { staleMs, places: sealedPlaces })
const silent = (ms: number) =>
  sql`update key_jobs set beat_at = now() - ${ms} * interval '1 millisecond'`

test('one job is open at a time', async () => {
  expect(await keys.openJob()).toBeNull()
  const made = await Promise.all([start(1), start(2, 'verify'), start(3)])
  expect(made.filter((job) => job !== null)).toHaveLength(1)
  const [job] = made.filter((one) => one !== null)
  expect(await keys.openJob()).toEqual(job)
  expect(job).toMatchObject({
    toKid: 'k2',
    state: 'running',
    total: 10,
    done: 0,
    failed: 0,
    failedRows: [],
    place: null,
    owner: null,
    finishedAt: null,
    busyMs: 0,
  })
})

test('a job is taken, worked on, finished, and kept', async () => {
  await start()
  expect(await claim('a', 5_000)).toMatchObject({ id, owner: 'a' })
  expect(await keys.advanceJob(id, 'a', step)).toBe('running')
  expect(await keys.openJob()).toMatchObject({ ...step, busyMs: 1_500, total: 10 })
  expect(await keys.advanceJob(id, 'a', { ...step, total: 12, place: null })).toBe('running')
  expect(await keys.openJob()).toMatchObject({ total: 12, place: null, done: 3 })
  expect(await keys.finishJob(id, 'a')).toBe(true)
  expect(await keys.openJob()).toBeNull()
  expect(await claim('a', 0)).toBeNull()
  expect(await keys.advanceJob(id, 'a', step)).toBe('lost')
  expect(await keys.finishJob(id, 'a')).toBe(false)
  expect(await keys.lastJob('rotate')).toMatchObject({
    id,
    state: 'done',
    owner: null,
    finishedAt: expect.any(Date) as Date,
  })
  expect(await keys.lastJob('verify')).toBeNull()
  await start(2)
  expect(await keys.lastJob('rotate')).toMatchObject({ id: idOf('kjb', 2), state: 'running' })
})

test('of many dialers one gets it, again and again', async () => {
  await start()
  const claims = await Promise.all(
    Array.from({ length: 20 }, (_, n) =>
      claim(`dialer-${n}`, 60_000, dialers[n % 2 === 0 ? 0 : 1]),
    ),
  )
  const owners = claims.flatMap((job) => job?.owner ?? [])
  expect(owners).toHaveLength(1)
  expect(await claim(owners[0] ?? '', 60_000)).toMatchObject({ owner: owners[0] })
})

test('whoever is silent loses it, and hears of it', async () => {
  await start()
  await claim('a', 5_000)
  await silent(4_000)
  expect(await claim('b', 5_000)).toBeNull()
  await silent(6_000)
  expect(await claim('b', 5_000)).toMatchObject({ owner: 'b' })
  expect(await keys.advanceJob(id, 'a', step)).toBe('lost')
  expect(await keys.finishJob(id, 'a')).toBe(false)
  expect(await keys.openJob()).toMatchObject({ owner: 'b', done: 0 })
})

test('a step is a sign of life', async () => {
  await start()
  await claim('a', 5_000)
  await silent(6_000)
  await keys.advanceJob(id, 'a', step)
  expect(await claim('b', 5_000)).toBeNull()
})

test('two that advance at once: the one that does not own it never does', async () => {
  await start()
  await claim('a', 5_000)
  const outcomes = await Promise.all(
    Array.from({ length: 20 }, (_, n) =>
      dialers[n % 2 === 0 ? 0 : 1].keys.advanceJob(id, n % 2 === 0 ? 'a' : 'b', {
        ...step,
        done: n,
      }),
    ),
  )
  expect(outcomes).toEqual(outcomes.map((_, n) => (n % 2 === 0 ? 'running' : 'lost')))
  expect(((await keys.openJob())?.done ?? 1) % 2).toBe(0)
})

test('one that is paused stops with its step written, and runs on when let', async () => {
  expect(await gateway.keys.setJobPaused(true)).toBeNull()
  await start()
  await claim('a', 5_000)
  expect(await gateway.keys.setJobPaused(true)).toMatchObject({ state: 'paused' })
  expect(await gateway.keys.setJobPaused(true)).toMatchObject({ state: 'paused' })
  expect(await keys.advanceJob(id, 'a', step)).toBe('paused')
  expect(await keys.openJob()).toMatchObject({ done: 3, state: 'paused' })
  expect(await keys.finishJob(id, 'a')).toBe(false)
  expect(await claim('a', 0)).toBeNull()
  expect(await start(2)).toBeNull()
  expect(await gateway.keys.setJobPaused(false)).toMatchObject({ state: 'running' })
  expect(await claim('a', 5_000)).toMatchObject({ done: 3 })
})

test('one that was let go is free at once; of another owner it is not', async () => {
  await start()
  await claim('a', 60_000)
  await keys.releaseJob('b')
  expect(await claim('b', 60_000)).toBeNull()
  await keys.releaseJob('a')
  expect(await claim('b', 60_000)).toMatchObject({ owner: 'b' })
})

test('it is taken by whoever opens the place where it stands, a new one by whoever opens the first', async () => {
  await start()
  const at = (...places: KeyJob['failedRows'][number]['place'][]) =>
    keys.claimJob('a', { staleMs: 5_000, places })
  expect(await at()).toBeNull()
  expect(await at('calls.person', 'webhook_secrets')).toBeNull()
  expect(await at('phone_credentials')).toMatchObject({ owner: 'a', place: null })
  await keys.advanceJob(id, 'a', {
    ...step,
    place: 'webhook_secrets',
    afterTenant: '',
    afterId: '',
  })
  await keys.releaseJob('a')
  expect(await at('phone_credentials', 'never_call')).toBeNull()
  expect(await at('webhook_secrets')).toMatchObject({ place: 'webhook_secrets' })
})

test('no more than a hundred failed rows are kept', async () => {
  await start()
  await claim('a', 5_000)
  const [row] = step.failedRows
  const many = (count: number) => ({
    ...step,
    failedRows: Array.from({ length: count }, () => row),
  })
  expect(await keys.advanceJob(id, 'a', many(100) as typeof step)).toBe('running')
  await expect(keys.advanceJob(id, 'a', many(101) as typeof step)).rejects.toMatchObject({
    code: 'invalid',
  })
})
