import { testDatabase, type TestDatabase } from '@callwire/testkit'
import type postgres from 'postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { connectDatabase, connectProvisioner, sealedPlaces } from './index.ts'
import type { Database, KeyStore, Provisioner } from './index.ts'
import { superClient } from './testing/super-client.ts'

let database: TestDatabase
let sql: postgres.Sql & AsyncDisposable
let gateway: Database
let dialer: Database
let ingest: Database
let copilot: Database
let provisioner: Provisioner

beforeAll(async () => {
  database = await testDatabase()
  sql = superClient(database.url)
  const connect = (service: string) =>
    connectDatabase({ url: database.serviceUrl(service), applicationName: 'test' })
  gateway = await connect('gateway')
  dialer = await connect('dialer')
  ingest = await connect('ingest')
  copilot = await connect('copilot')
  provisioner = connectProvisioner({ url: database.url })
})
afterAll(async () => {
  const opened = [gateway, dialer, ingest, copilot, provisioner]
  await Promise.all(opened.map((one) => one.close()))
  await sql[Symbol.asyncDispose]()
  await database.drop()
})
beforeEach(() => sql`truncate key_state, key_checks, key_holders`)

const primaries = async (keys: KeyStore) =>
  (await keys.records()).filter(({ primary }) => primary).map(({ kid }) => kid)

describe('a key', () => {
  test('is introduced beside the one that seals, once', async () => {
    expect(await gateway.keys.records()).toEqual([])
    const made = await gateway.keys.introduce('k2', { primary: 'k1' })
    expect(made).toMatchObject({ kid: 'k2', promotedAt: null, retiredAt: null, primary: false })
    expect(await gateway.keys.introduce('k2', { primary: 'k9' })).toEqual(made)
    expect(await gateway.keys.introduce('k1', { primary: 'k1' })).toMatchObject({ primary: true })
    expect((await ingest.keys.records()).map(({ kid }) => kid)).toEqual(['k1', 'k2'])
  })

  test('two that are introduced at once agree on the one that seals', async () => {
    await Promise.all(
      ['k2', 'k3', 'k4', 'k5'].map((kid) => gateway.keys.introduce(kid, { primary: `${kid}-old` })),
    )
    expect(await primaries(gateway.keys)).toHaveLength(1)
    expect(await gateway.keys.records()).toHaveLength(5)
  })

  test('takes over from the one named, and from no other', async () => {
    await gateway.keys.introduce('k2', { primary: 'k1' })
    expect(await gateway.keys.promote('k2', { from: 'k2' })).toBe(false)
    expect(await gateway.keys.promote('k1', { from: 'k1' })).toBe(false)
    expect(await gateway.keys.promote('k3', { from: 'k1' })).toBe(false)
    expect(await primaries(gateway.keys)).toEqual(['k1'])
    expect(await gateway.keys.promote('k2', { from: 'k1' })).toBe(true)
    expect(await gateway.keys.promote('k2', { from: 'k1' })).toBe(false)
    const [, second] = await gateway.keys.records()
    expect(second).toMatchObject({ kid: 'k2', primary: true, promotedAt: expect.any(Date) as Date })
    expect(await primaries(gateway.keys)).toEqual(['k2'])
  })

  test('of many that would take over at once, one does; one seals at any time', async () => {
    const kids = ['k2', 'k3', 'k4', 'k5', 'k6']
    for (const kid of kids) await gateway.keys.introduce(kid, { primary: 'k1' })
    const seen: string[][] = []
    const over = new AbortController()
    const watching = (async () => {
      while (!over.signal.aborted) seen.push(await primaries(dialer.keys))
    })()
    const moved = await Promise.all(kids.map((kid) => gateway.keys.promote(kid, { from: 'k1' })))
    over.abort()
    await watching
    expect(moved.filter(Boolean)).toHaveLength(1)
    expect(seen.filter((held) => held.length !== 1)).toEqual([])
    expect(await primaries(gateway.keys)).toEqual([kids[moved.indexOf(true)]])
  })

  test('is retired once, not while it seals, and cannot come back', async () => {
    await gateway.keys.introduce('k2', { primary: 'k1' })
    expect(await gateway.keys.retire('k1')).toBe(false)
    expect(await gateway.keys.retire('k9')).toBe(false)
    expect(await gateway.keys.retire('k2')).toBe(true)
    expect(await gateway.keys.retire('k2')).toBe(false)
    expect(await gateway.keys.promote('k2', { from: 'k1' })).toBe(false)
    expect(await gateway.keys.introduce('k2', { primary: 'k1' })).toMatchObject({
      retiredAt: expect.any(Date) as Date,
    })
    expect(await primaries(gateway.keys)).toEqual(['k1'])
  })

  test('has one check value per ring, from whoever showed it first', async () => {
    const one = { kid: 'k1', check: 'a'.repeat(16) }
    const two = { kid: 'k2', check: 'b'.repeat(16) }
    expect(await ingest.keys.confirmChecks('content', [one])).toEqual([])
    expect(await dialer.keys.confirmChecks('content', [one, two])).toEqual([])
    const other = { kid: 'k2', check: 'c'.repeat(16) }
    expect(await provisioner.keys.confirmChecks('content', [one, other])).toEqual(['k2'])
    expect(await gateway.keys.confirmChecks('content', [one, other])).toEqual(['k2'])
    expect(await gateway.keys.confirmChecks('callback', [other])).toEqual([])
    await expect(
      gateway.keys.confirmChecks('content', [{ kid: 'k3', check: 'x' }]),
    ).rejects.toMatchObject({ code: 'invalid' })
  })
})

describe('the processes that hold keys', () => {
  const holder = { instance: 'ingest-1', service: 'ingest', kids: ['k1', 'k2'], primary: 'k1' }

  test('are those that were heard of lately', async () => {
    await ingest.keys.beat(holder)
    await dialer.keys.beat({ ...holder, instance: 'dialer-1', service: 'dialer' })
    await ingest.keys.beat({ ...holder, kids: ['k2'], primary: 'k2' })
    expect(await gateway.keys.holders()).toMatchObject([
      { instance: 'dialer-1', service: 'dialer', kids: ['k1', 'k2'], primary: 'k1' },
      { instance: 'ingest-1', service: 'ingest', kids: ['k2'], primary: 'k2' },
    ])
    await sql`update key_holders set beat_at = now() - interval '16 seconds'
      where instance = 'dialer-1'`
    expect((await gateway.keys.holders()).map(({ instance }) => instance)).toEqual(['ingest-1'])
    await dialer.keys.beat({ ...holder, instance: 'dialer-1', service: 'dialer' })
    await ingest.keys.leave('ingest-1')
    expect((await gateway.keys.holders()).map(({ instance }) => instance)).toEqual(['dialer-1'])
  })

  test('are forgotten after a minute of silence, whoever beats next', async () => {
    await ingest.keys.beat(holder)
    await sql`update key_holders set beat_at = now() - interval '59 seconds'`
    await dialer.keys.beat({ ...holder, instance: 'dialer-1' })
    expect(await sql`select from key_holders`).toHaveLength(2)
    await sql`update key_holders set beat_at = now() - interval '61 seconds'`
    await Promise.all([1, 2, 3].map((n) => dialer.keys.beat({ ...holder, instance: `new-${n}` })))
    expect(await sql`select from key_holders`).toHaveLength(3)
  })

  test('keep the time they started at', async () => {
    await ingest.keys.beat(holder)
    await sql`update key_holders set started_at = now() - interval '1 day'`
    await ingest.keys.beat(holder)
    const [held] = await gateway.keys.holders()
    expect((held?.beatAt.getTime() ?? 0) - (held?.startedAt.getTime() ?? 0)).toBeGreaterThan(86e6)
  })
})

test.each<[string, () => Promise<unknown>]>([
  ['copilot reads', () => copilot.keys.records()],
  [
    'copilot beats',
    () => copilot.keys.beat({ instance: 'i', service: 's', kids: [], primary: '' }),
  ],
  ['copilot counts rows', () => copilot.keys.keyIds()],
  ['ingest introduces', () => ingest.keys.introduce('k2', { primary: 'k1' })],
  ['ingest promotes', () => ingest.keys.promote('k2', { from: 'k1' })],
  ['dialer promotes', () => dialer.keys.promote('k2', { from: 'k1' })],
  ['dialer retires', () => dialer.keys.retire('k2')],
  ['ingest pauses', () => ingest.keys.setJobPaused(true)],
  [
    'gateway works a job',
    () => gateway.keys.claimJob('gateway-1', { staleMs: 1_000, places: sealedPlaces }),
  ],
  [
    'gateway lists sealed rows',
    () =>
      gateway.keys.sealedRows({
        place: 'call_keys',
        kid: null,
        afterTenant: '',
        afterId: '',
        limit: 1,
      }),
  ],
])('%s: refused', async (_name, attempt) => {
  await expect(attempt()).rejects.toMatchObject({ code: 'permission' })
})
