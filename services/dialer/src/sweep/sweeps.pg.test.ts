import { callStatuses, type CallStatus } from '@callwire/contracts'
import {
  accountRequests,
  connectDatabase,
  idempotencyKeys,
  tenants,
  type Database,
  type FoundCall,
} from '@callwire/db'
import { createLedger } from '@callwire/ledger'
import { systemClock, systemRandom } from '@callwire/runtime'
import { captureLogs } from '@callwire/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { DialerDeps } from '../deps.ts'
import { startTestDialer } from '../test-support/dialer-under-test.ts'
import { dialerSuite } from '../test-support/suite.ts'
import { createOverLimitSweep } from './calls-over-limit.ts'
import { countParked } from './count-parked.ts'
import { sweepExpired } from './expired-calls.ts'
import { sweepOldAccountRequests } from './old-account-requests.ts'
import { sweepOldIdempotencyKeys } from './old-idempotency-keys.ts'

const suite = dialerSuite()
const hourMs = 3_600_000
const ago = (ms: number) => new Date(Date.now() - ms)

let database: Database
let phoneId: string
let deps: Pick<DialerDeps, 'database' | 'ledger' | 'clock' | 'log' | 'metrics'>
let parked: number[]

beforeEach(async () => {
  const url = suite.database.serviceUrl('dialer')
  database = await connectDatabase({ url, applicationName: 'test-dialer', maxConnections: 4 })
  const { log } = captureLogs()
  const clock = systemClock
  const doorbell = { ringEvents: () => Promise.resolve() }
  parked = []
  deps = {
    database,
    ledger: createLedger({ database, doorbell, clock, random: systemRandom, log }),
    clock,
    log,
    metrics: {
      alert: () => undefined,
      parked: (count: number) => void parked.push(count),
    } as unknown as DialerDeps['metrics'],
  }
  phoneId = await suite.world.addPhone(suite.exotel.host, { kind: 'stream' })
})
afterEach(() => database.close())

/** A database whose finder names these, whatever is true of them by now. */
function naming(found: Partial<Database['finder']>): Database {
  return { ...database, finder: { ...database.finder, ...found } }
}
const found = (callId: string): FoundCall => ({ tenantId: suite.world.tenantId, callId })
const setLimit = (expireAfterMs: number | null) =>
  suite.world.withTenant((tx) => tx.update(tenants).set({ expireAfterMs }))

describe('calls that waited too long', () => {
  test('fail with a sentence, whatever they waited for; their receipt is written', async () => {
    const late = { createdAt: ago(25 * hourMs) }
    const due = await suite.world.addCall(phoneId, late)
    const paused = await suite.world.addCall(phoneId, { ...late, reasonCode: 'paused' })
    const held = await suite.world.addCall(phoneId, { ...late, dueAt: ago(-hourMs) })
    const young = await suite.world.addCall(phoneId, { createdAt: ago(23 * hourMs) })
    const planned = await suite.world.addCall(phoneId, {
      createdAt: ago(900 * hourMs),
      scheduleAt: ago(hourMs),
    })
    await sweepExpired(deps)
    for (const callId of [due, paused, held]) {
      expect(await suite.world.call(callId)).toMatchObject({
        status: 'failed',
        reasonCode: 'expired',
        reasonMessage: 'Given up: not dialed within 1 day of the time it was wanted.',
      })
      expect((await suite.world.events(callId)).at(-1)?.type).toBe('call.receipt')
    }
    for (const callId of [young, planned]) {
      expect((await suite.world.call(callId)).status).toBe('queued')
    }
  })

  test('go on waiting where the tenant sets no limit, or has just raised it', async () => {
    const callId = await suite.world.addCall(phoneId, { createdAt: ago(500 * hourMs) })
    const foundBefore = naming({ expiredCalls: () => Promise.resolve([found(callId)]) })
    await setLimit(null)
    await sweepExpired(deps)
    await sweepExpired({ ...deps, database: foundBefore })
    await setLimit(600 * hourMs)
    await sweepExpired({ ...deps, database: foundBefore })
    expect((await suite.world.call(callId)).status).toBe('queued')
  })

  test.each(['dialing', 'unknown', 'ringing', 'canceled'] as const)(
    'are left alone once they are %s',
    async (status) => {
      const callId = await suite.world.addCall(phoneId, { createdAt: ago(25 * hourMs), status })
      const foundBefore = naming({ expiredCalls: () => Promise.resolve([found(callId)]) })
      await sweepExpired({ ...deps, database: foundBefore })
      expect(await suite.world.call(callId)).toMatchObject({ status, reasonCode: null })
    },
  )

  test('are failed by a dialer as it runs, without a request', async () => {
    const callId = await suite.world.addCall(phoneId, { createdAt: ago(25 * hourMs) })
    await using _dialer = await startTestDialer(suite.environment())
    expect((await suite.world.reaches(callId, 'failed')).reasonCode).toBe('expired')
    expect(suite.exotel.dials()).toHaveLength(0)
  })
})

describe('calls that go on for too long', () => {
  const alertsOf = async (callId: string) =>
    (await suite.world.events(callId)).flatMap(({ type, data }) => (type === 'alert' ? [data] : []))

  test('have one alert each, also over restarts', async () => {
    const started = (ms: number) => ({ dialedAt: ago(ms + 5_000), answeredAt: ago(ms) })
    const add = (over: Parameters<typeof suite.world.addCall>[1]) =>
      suite.world.addCall(phoneId, { status: 'in-progress', ...over })
    const endless = await add(started(4 * hourMs + 6 * 60_000))
    const limited = await add({ ...started(7 * 60_000), timeLimitSeconds: 60 })
    const ringing = await add({ status: 'ringing', dialedAt: ago(5 * hourMs) })
    const inTime = await add(started(4 * hourMs + 4 * 60_000))
    const short = await add({ ...started(5 * 60_000), timeLimitSeconds: 60 })
    const sweep = createOverLimitSweep(deps)
    await sweep()
    await sweep()
    await createOverLimitSweep(deps)()
    for (const callId of [endless, limited, ringing]) {
      expect(await alertsOf(callId)).toMatchObject([{ code: 'call_over_limit', severity: 'warn' }])
    }
    expect((await alertsOf(limited))[0]).toMatchObject({
      message: 'The call goes on for longer than its limit of 60 s, or its end was never reported.',
    })
    for (const callId of [inTime, short]) expect(await alertsOf(callId)).toEqual([])
  })

  test('have none once they have ended', async () => {
    const callId = await suite.world.addCall(phoneId, { status: 'completed', endedAt: ago(1) })
    const foundBefore = naming({ callsOverLimit: () => Promise.resolve([found(callId)]) })
    await createOverLimitSweep({ ...deps, database: foundBefore })()
    expect(await alertsOf(callId)).toEqual([])
  })
})

describe('what nobody looks back at', () => {
  const addKey = async (key: string, ageMs: number, status: CallStatus = 'completed') => {
    const callId = await suite.world.addCall(phoneId, { status })
    const { tenantId } = suite.world
    const values = { tenantId, route: 'POST /calls', key, callId, status: 202 }
    await suite.world.withTenant((tx) =>
      tx
        .insert(idempotencyKeys)
        .values({ ...values, fingerprint: 'cw1d.k1.x', createdAt: ago(ageMs) }),
    )
    return callId
  }
  const keys = async () =>
    (await suite.world.withTenant((tx) => tx.select().from(idempotencyKeys)))
      .map(({ key }) => key)
      .toSorted()

  test('is forgotten: idempotency keys after seven days', async () => {
    const dayMs = 24 * hourMs
    await addKey('old', 7 * dayMs + 1_000)
    await addKey('older', 30 * dayMs)
    const young = await addKey('young', 7 * dayMs - 60_000)
    await sweepOldIdempotencyKeys(deps)
    expect(await keys()).toEqual(['young'])
    const foundBefore = naming({ oldIdempotencyKeys: () => Promise.resolve([found(young)]) })
    await sweepOldIdempotencyKeys({ database: foundBefore })
    expect(await keys()).toEqual(['young'])
  })

  test('is kept: idempotency keys whose call still waits for its dial', async () => {
    for (const status of callStatuses) await addKey(status, 300 * 24 * hourMs, status)
    await sweepOldIdempotencyKeys(deps)
    expect(await keys()).toEqual(['dialing', 'queued'])
  })

  test('is forgotten: requests to accounts after five minutes', async () => {
    const at = (id: string, ageMs: number) => ({ accountSid: 'acme1m', id, at: ago(ageMs) })
    const many = Array.from({ length: 5_001 }, (_, n) => at(`request-${n}`, 301_000))
    await database.withTenant(suite.world.tenantId, async (tx) => {
      await tx.insert(accountRequests).values(many)
      await tx.insert(accountRequests).values(at('request-young', 290_000))
    })
    await sweepOldAccountRequests(deps)
    const left = await database.accountRequests.recent('acme1m', hourMs)
    expect(left.map(({ id }) => id)).toEqual(['request-young'])
  })
})

describe('calls parked for a person', () => {
  test('are counted', async () => {
    await countParked(deps)
    await suite.world.addCall(phoneId, { status: 'unknown', reasonCode: 'needs_review' })
    await suite.world.addCall(phoneId, { status: 'unknown', reasonCode: 'outcome_unknown' })
    await countParked(deps)
    const [before = 0, after = 0] = parked
    expect(after - before).toBe(1)
  })
})
