import { createQueues } from '@callwire/bus'
import { phoneChecks, phones } from '@callwire/db'
import { eventually } from '@callwire/testkit'
import { eq, sql } from 'drizzle-orm'
import { describe, expect, test } from 'vitest'
import { sweepOldChecks } from '../sweep/old-checks.ts'
import { startTestDialer, type RunningDialer } from '../test-support/dialer-under-test.ts'
import type { ReadBehaviour } from '../test-support/exotel-stand-in.ts'
import { dialerSuite } from '../test-support/suite.ts'
import { accountSid, apiKey, apiToken } from '../test-support/tenant-world.ts'

const suite = dialerSuite()
const stream = { kind: 'stream' } as const

async function check(dialer: RunningDialer, phoneId: string, age?: { createdAt: Date }) {
  const checkId = await suite.world.addCheck(phoneId, age)
  const queues = createQueues(dialer.context.bus)
  await queues.wakeCheck({ tenantId: suite.world.tenantId, checkId })
  await queues.close()
  return checkId
}

const breakerOf = async (phoneId: string) => {
  const [row] = await suite.world.withTenant((tx) =>
    tx.select().from(phones).where(eq(phones.id, phoneId)),
  )
  return { failures: row?.authFailures, open: row?.breakerOpenedAt !== null }
}

const sentence = (Message: string) => JSON.stringify({ RestException: { Message } })

describe('a check of credentials', () => {
  test('asks for next to nothing and for open streams, writes it down and says yes', async () => {
    await using dialer = await startTestDialer(suite.environment())
    const phoneId = await suite.world.addPhone(suite.exotel.host, stream)
    const checkId = await check(dialer, phoneId)
    expect(await suite.world.checked(checkId)).toMatchObject({
      ...{ state: 'ok', code: null },
      ...{ activeStreams: 3, streamLimit: 100 },
    })
    expect(suite.exotel.requests).toHaveLength(2)
    const [asked, then] = suite.exotel.requests
    expect(then?.path).toBe(`/v1/Accounts/${accountSid}/ActiveStreams`)
    expect(asked?.path).toMatch(
      new RegExp(`^/v1/Accounts/${accountSid}/Calls.json\\?.*PageSize=1$`),
    )
    expect(asked?.headers['authorization']).toBe(
      `Basic ${Buffer.from(`${apiKey}:${apiToken}`).toString('base64')}`,
    )
    expect(await suite.world.audits()).toMatchObject([
      {
        action: 'credentials.open',
        targetKind: 'phone',
        targetId: phoneId,
        details: { checkId, purpose: 'check', keyId: 'k1' },
      },
    ])
    const { accountRequests } = dialer.context.deps.database
    expect(await accountRequests.recent(accountSid, 60_000)).toHaveLength(2)
    const metrics = await dialer.context.metrics.registry.metrics()
    expect(metrics).toContain('callwire_credential_checks_total{outcome="ok"} 1')
  })

  test.each<[ReadBehaviour, answer: object]>([
    [
      { status: 401, body: sentence('nope') },
      { state: 'refused', code: 'provider_auth', message: 'Invalid Exotel credentials' },
    ],
    [
      { status: 403, body: sentence('KYC incomplete') },
      {
        ...{ state: 'refused', code: 'provider_forbidden' },
        message: 'Exotel knows these credentials but refuses the account: KYC incomplete',
      },
    ],
    [{ status: 404 }, { state: 'refused', code: 'provider_rejected' }],
    [{ status: 500 }, { state: 'failed', code: 'unavailable' }],
    [
      { status: 302, headers: { location: '/' } },
      { state: 'failed', code: 'unavailable' },
    ],
    [
      { status: 200, body: '<html>' },
      { state: 'failed', code: 'unavailable' },
    ],
    ['cut', { state: 'failed', code: 'unavailable' }],
  ])('answered with %j, leaves the breaker as it is', async (behaviour, answer) => {
    suite.exotel.nextReads.push(behaviour, behaviour, behaviour)
    await using dialer = await startTestDialer(suite.environment())
    const phoneId = await suite.world.addPhone(suite.exotel.host, stream)
    for (let n = 0; n < 3; n += 1) {
      expect(await suite.world.checked(await check(dialer, phoneId))).toMatchObject(answer)
    }
    expect(suite.exotel.requests).toHaveLength(3)
    expect(await breakerOf(phoneId)).toEqual({ failures: 0, open: false })
  })

  test('answered 429 has the account left alone, by the next check as well', async () => {
    suite.exotel.nextReads.push({ status: 429, headers: { 'retry-after': '7' } })
    await using dialer = await startTestDialer(suite.environment())
    const phoneId = await suite.world.addPhone(suite.exotel.host, stream)
    const slow = { state: 'failed', code: 'rate_limited', message: 'Exotel asks to slow down.' }
    for (let n = 0; n < 2; n += 1) {
      const answer = await suite.world.checked(await check(dialer, phoneId))
      expect(answer).toMatchObject(slow)
      expect(answer.retryAfterS).toBeGreaterThan(0)
      expect(answer.retryAfterS).toBeLessThanOrEqual(7)
    }
    expect(suite.exotel.requests).toHaveLength(1)
    expect(await breakerOf(phoneId)).toEqual({ failures: 0, open: false })
  })

  test.each([
    ['an account without streams', null],
    ['an Exotel that does not say', 'stall'],
  ] as const)('of %s is answered all the same', async (_what, streams) => {
    suite.exotel.streams = streams
    const brief = streams === 'stall' ? { DIAL_TIMEOUT_MS: '1000' } : {}
    await using dialer = await startTestDialer(suite.environment(brief))
    const phoneId = await suite.world.addPhone(suite.exotel.host, stream)
    expect(await suite.world.checked(await check(dialer, phoneId))).toMatchObject({
      ...{ state: 'ok', code: null },
      ...{ activeStreams: null, streamLimit: null },
    })
    expect(suite.exotel.requests).toHaveLength(2)
  })

  test('does not spend the last request of an account on its streams', async () => {
    await using dialer = await startTestDialer(
      suite.environment({ EXOTEL_REQUESTS_PER_MINUTE: '1' }),
    )
    const phoneId = await suite.world.addPhone(suite.exotel.host, stream)
    expect(await suite.world.checked(await check(dialer, phoneId))).toMatchObject({
      ...{ state: 'ok', activeStreams: null },
    })
    expect(suite.exotel.requests).toHaveLength(1)
  })

  test('that says yes does not close an open breaker', async () => {
    await using dialer = await startTestDialer(suite.environment())
    const phoneId = await suite.world.addPhone(suite.exotel.host, stream)
    await suite.world.withTenant((tx) =>
      tx
        .update(phones)
        .set({ authFailures: 2, breakerOpenedAt: sql`now()` })
        .where(eq(phones.id, phoneId)),
    )
    expect(await suite.world.checked(await check(dialer, phoneId))).toMatchObject({ state: 'ok' })
    expect(await breakerOf(phoneId)).toEqual({ failures: 2, open: true })
  })

  test('waits no longer than its asker does', async () => {
    suite.exotel.nextReads.push('stall')
    await using dialer = await startTestDialer(suite.environment({ DIAL_TIMEOUT_MS: '35000' }))
    const phoneId = await suite.world.addPhone(suite.exotel.host, stream)
    const checkId = await check(dialer, phoneId, { createdAt: new Date(Date.now() - 4_000) })
    expect(await suite.world.checked(checkId)).toMatchObject({
      state: 'failed',
      code: 'unavailable',
    })
    expect(suite.exotel.requests).toHaveLength(1)
  })

  test('that nobody waits for any more opens and asks nothing', async () => {
    await using dialer = await startTestDialer(suite.environment())
    const phoneId = await suite.world.addPhone(suite.exotel.host, stream)
    const stale = await check(dialer, phoneId, { createdAt: new Date(Date.now() - 9_000) })
    const fresh = await check(dialer, phoneId)
    await suite.world.checked(fresh)
    await dialer[Symbol.asyncDispose]()
    const [row] = await suite.world.withTenant((tx) =>
      tx.select().from(phoneChecks).where(eq(phoneChecks.id, stale)),
    )
    expect(row?.state).toBe('pending')
    expect(suite.exotel.requests).toHaveLength(2)
    expect(await suite.world.audits()).toHaveLength(1)
  })

  test('of a phone without credentials, or deleted, asks nothing', async () => {
    await using dialer = await startTestDialer(suite.environment())
    const bare = await suite.world.addPhone(null, stream)
    expect(await suite.world.checked(await check(dialer, bare))).toMatchObject({
      state: 'refused',
      code: 'no_credentials',
    })
    const gone = await suite.world.addPhone(suite.exotel.host, stream)
    await suite.world.withTenant((tx) =>
      tx
        .update(phones)
        .set({ deletedAt: sql`now()` })
        .where(eq(phones.id, gone)),
    )
    expect(await suite.world.checked(await check(dialer, gone))).toMatchObject({
      state: 'refused',
      code: 'not_found',
    })
    expect(suite.exotel.connections).toBe(0)
    expect(await suite.world.audits()).toEqual([])
  })

  test('of a host that is allowed no more asks nothing', async () => {
    const environment = suite.environment({ EXOTEL_ALLOWED_HOSTS: 'api.exotel.com' })
    await using dialer = await startTestDialer(environment)
    const phoneId = await suite.world.addPhone(suite.exotel.host, stream)
    expect(await suite.world.checked(await check(dialer, phoneId))).toMatchObject({
      state: 'refused',
      code: 'host_not_allowed',
    })
    expect(suite.exotel.connections).toBe(0)
  })

  test("shares the account's budget with the calls, and opens nothing beyond it", async () => {
    await using dialer = await startTestDialer(
      suite.environment({ EXOTEL_REQUESTS_PER_MINUTE: '2', CALL_POLL_AFTER_MS: '60000' }),
    )
    const phoneId = await suite.world.addPhone(suite.exotel.host, stream)
    await suite.world.placed(await suite.world.addCall(phoneId))
    expect(await suite.world.checked(await check(dialer, phoneId))).toMatchObject({ state: 'ok' })
    const third = await suite.world.checked(await check(dialer, phoneId))
    expect(third).toMatchObject({ state: 'failed', code: 'rate_limited' })
    expect(third.retryAfterS).toBeGreaterThan(30)
    expect(third.retryAfterS).toBeLessThanOrEqual(62)
    expect(suite.exotel.requests).toHaveLength(2)
    expect(await suite.world.audits()).toHaveLength(2)
  })

  test('that something of ours keeps from asking is answered all the same', async () => {
    await using dialer = await startTestDialer(suite.environment(), (deps) => ({
      ...deps,
      budget: { ...deps.budget, take: () => Promise.reject(new Error('away')) },
    }))
    const phoneId = await suite.world.addPhone(suite.exotel.host, stream)
    expect(await suite.world.checked(await check(dialer, phoneId))).toMatchObject({
      state: 'failed',
      code: 'unavailable',
    })
    expect(dialer.logs.text()).toContain('credentials could not be checked')
    expect(suite.exotel.connections).toBe(0)
  })

  test('is cut short with its process, and says so', async () => {
    suite.exotel.nextReads.push('stall')
    const dialer = await startTestDialer(suite.environment({ DIAL_TIMEOUT_MS: '35000' }))
    const phoneId = await suite.world.addPhone(suite.exotel.host, stream)
    const checkId = await check(dialer, phoneId)
    await eventually(() => suite.exotel.requests.length === 1)
    dialer.context.cutRequests()
    expect(await suite.world.checked(checkId)).toMatchObject({ code: 'unavailable' })
    await dialer[Symbol.asyncDispose]()
  })

  test('is forgotten after a day', async () => {
    const phoneId = await suite.world.addPhone(null, stream)
    const dayAgo = new Date(Date.now() - 86_401_000)
    await suite.world.addCheck(phoneId, { createdAt: dayAgo })
    await suite.world.addCheck(phoneId, { createdAt: dayAgo, state: 'ok', finishedAt: dayAgo })
    const young = await suite.world.addCheck(phoneId)
    await using dialer = await startTestDialer(suite.environment())
    await sweepOldChecks(dialer.context.deps)
    const left = await suite.world.withTenant((tx) => tx.select().from(phoneChecks))
    expect(left.map(({ id }) => id)).toEqual([young])
  })
})
