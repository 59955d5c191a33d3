import { createQueues } from '@callwire/bus'
import { phoneCredentials } from '@callwire/db'
import { eq } from 'drizzle-orm'
import { ConfigError } from '@callwire/runtime'
import { eventually } from '@callwire/testkit'
import { describe, expect, test } from 'vitest'
import { startTestDialer } from '../test-support/dialer-under-test.ts'
import { dialerSuite } from '../test-support/suite.ts'
import { apiKey, apiToken, personNumber, tenantWorld } from '../test-support/tenant-world.ts'

const suite = dialerSuite({ alone: true })
const stream = { kind: 'stream' } as const
const globalKey = 'key-of-the-install'
const globalToken = 'token-of-the-install'

const fallback = (over: Record<string, string> = {}) =>
  suite.environment({
    EXOTEL_GLOBAL_FALLBACK: 'true',
    EXOTEL_API_KEY: globalKey,
    EXOTEL_API_TOKEN: globalToken,
    EXOTEL_SID: 'install1',
    EXOTEL_SUBDOMAIN: suite.exotel.host,
    CALL_POLL_AFTER_MS: '60000',
    ...over,
  })
const basic = (key: string, token: string) =>
  `Basic ${Buffer.from(`${key}:${token}`).toString('base64')}`
const authorizations = () => suite.exotel.requests.map(({ headers }) => headers['authorization'])
const alertsOf = async (callId: string) =>
  (await suite.world.events(callId)).flatMap(({ type, data }) => (type === 'alert' ? [data] : []))

const said = {
  code: 'global_credentials',
  severity: 'info',
  message:
    "Dialed with the install's own Exotel account, since this phone number has no credentials.",
}
const refusal = {
  reasonCode: 'no_credentials',
  reasonMessage: 'No Exotel credentials found for this phone number',
}

describe("the install's own account", () => {
  test('dials for a phone that has none, and every such call says so', async () => {
    await using dialer = await startTestDialer(fallback())
    const phoneId = await suite.world.addPhone(null, stream)
    const callId = await suite.world.addCall(phoneId)
    await suite.world.placed(callId)
    expect(suite.exotel.dials().map(({ path }) => path)).toEqual([
      '/v1/Accounts/install1/Calls/connect.json',
    ])
    expect(authorizations()).toEqual([basic(globalKey, globalToken)])
    expect(new URLSearchParams(suite.exotel.dials()[0]?.body).get('From')).toBe(personNumber)
    const types = (await suite.world.events(callId)).map(({ type }) => type)
    expect(types).toEqual(['call.status', 'call.status', 'alert'])
    expect(await alertsOf(callId)).toEqual([said])
    expect(await suite.world.audits()).toMatchObject([
      { targetId: phoneId, details: { callId, purpose: 'place-call', keyId: 'global' } },
    ])
    const logs = dialer.logs.text()
    expect(logs).toContain('"alert":"global_credentials","severity":"info"')
    for (const secret of [globalKey, globalToken]) expect(logs).not.toContain(secret)
  })

  test('is not used unless asked for', async () => {
    await using _dialer = await startTestDialer(fallback({ EXOTEL_GLOBAL_FALLBACK: 'false' }))
    const callId = await suite.world.addCall(await suite.world.addPhone(null, stream))
    expect(await suite.world.reaches(callId, 'failed')).toMatchObject(refusal)
    expect(suite.exotel.connections).toBe(0)
    expect(await suite.world.audits()).toEqual([])
  })

  test('leaves alone a phone that has its own, and one whose seal does not open', async () => {
    await using _dialer = await startTestDialer(fallback())
    const own = await suite.world.addPhone(suite.exotel.host, stream)
    const ownCall = await suite.world.addCall(own)
    await suite.world.placed(ownCall)
    expect(authorizations()).toEqual([basic(apiKey, apiToken)])
    expect(await alertsOf(ownCall)).toEqual([])

    const broken = await suite.world.addPhone(suite.exotel.host, stream)
    await suite.world.changeCredentials(broken, { version: 9 })
    const failed = await suite.world.addCall(broken)
    expect(await suite.world.reaches(failed, 'failed')).toMatchObject({
      reasonCode: 'credential_integrity',
    })
    expect(suite.exotel.requests).toHaveLength(1)
  })

  test('does not start where there are two tenants', async () => {
    await using _second = await tenantWorld(suite.database)
    const error: unknown = await startTestDialer(fallback()).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ConfigError)
    expect((error as ConfigError).message).toMatch(/^EXOTEL_GLOBAL_FALLBACK is for .* has 2: /)
  })

  test('dials no more from the moment a second tenant is there', async () => {
    await using dialer = await startTestDialer(fallback())
    const phoneId = await suite.world.addPhone(null, stream)
    await suite.world.placed(await suite.world.addCall(phoneId))
    await using second = await tenantWorld(suite.database)
    const callId = await suite.world.addCall(phoneId)
    expect(await suite.world.reaches(callId, 'failed')).toMatchObject(refusal)
    const theirs = await second.addCall(await second.addPhone(null, stream))
    expect(await second.reaches(theirs, 'failed')).toMatchObject(refusal)
    const checkId = await second.addCheck(await second.addPhone(null, stream))
    await dialer.context.deps.queues.wakeDialer({
      tenantId: second.tenantId,
      callId: theirs,
      attempt: 1,
    })
    const queues = createQueues(dialer.context.bus)
    await queues.wakeCheck({ tenantId: second.tenantId, checkId })
    expect(await second.checked(checkId)).toMatchObject({ code: 'no_credentials' })
    await queues.close()
    expect(suite.exotel.requests).toHaveLength(1)
  })

  test('a second tenant between the look and the dial is seen by the dial', async () => {
    let second: AsyncDisposable | undefined
    await using dialer = await startTestDialer(fallback(), (deps) => ({
      ...deps,
      budget: {
        // Asked between the look at a call and the compare-and-swap.
        ...deps.budget,
        take: async (sid, o) => {
          second ??= await tenantWorld(suite.database)
          return deps.budget.take(sid, o)
        },
      },
    }))
    const callId = await suite.world.addCall(await suite.world.addPhone(null, stream))
    expect(await suite.world.reaches(callId, 'failed')).toMatchObject(refusal)
    await dialer[Symbol.asyncDispose]()
    await second?.[Symbol.asyncDispose]()
    expect(suite.exotel.connections).toBe(0)
  })

  test('is asked about the calls it dialed, also when the phone has its own by then', async () => {
    suite.exotel.next.push('place-and-cut')
    await using _dialer = await startTestDialer(
      fallback({
        RECONCILE_AFTER_MS: '3000',
        RECONCILE_GRACE_MS: '20000',
        CALL_POLL_AFTER_MS: '300',
      }),
    )
    const phoneId = await suite.world.addPhone(null, stream)
    const callId = await suite.world.addCall(phoneId)
    await suite.world.reaches(callId, 'unknown')
    await suite.world.giveCredentials(phoneId, suite.exotel.host)
    await suite.world.placed(callId)
    const [placed] = suite.exotel.placed
    if (placed !== undefined) placed.status = 'completed'
    await suite.world.reaches(callId, 'completed')
    expect(new Set(authorizations())).toEqual(new Set([basic(globalKey, globalToken)]))
    const audits = (await suite.world.audits()).map(({ details }) => details)
    expect(new Set(audits.map(({ purpose }) => purpose))).toEqual(
      new Set(['place-call', 'reconcile', 'poll']),
    )
    expect(new Set(audits.map(({ keyId }) => keyId))).toEqual(new Set(['global']))

    // The phone's next call is its own account's affair, and nothing is said.
    const next = await suite.world.addCall(phoneId)
    await suite.world.placed(next)
    expect(authorizations().at(-1)).toBe(basic(apiKey, apiToken))
    expect(await alertsOf(next)).toEqual([])
  })

  test('a call that the own account dialed is not asked about elsewhere once that is erased', async () => {
    suite.exotel.next.push('place-and-cut')
    await using _dialer = await startTestDialer(fallback({ RECONCILE_AFTER_MS: '3000' }))
    const phoneId = await suite.world.addPhone(suite.exotel.host, stream)
    const callId = await suite.world.addCall(phoneId)
    await suite.world.reaches(callId, 'unknown')
    await suite.world.withTenant((tx) =>
      tx.delete(phoneCredentials).where(eq(phoneCredentials.phoneId, phoneId)),
    )
    await eventually(async () => (await suite.world.call(callId)).reasonCode === 'needs_review', {
      what: 'needs_review',
    })
    expect(suite.exotel.requests).toHaveLength(1)
  })

  test('is what a check of a phone without credentials asks', async () => {
    suite.exotel.nextReads.push({ status: 401 })
    await using dialer = await startTestDialer(fallback())
    const checkId = await suite.world.addCheck(await suite.world.addPhone(null, stream))
    const queues = createQueues(dialer.context.bus)
    await queues.wakeCheck({ tenantId: suite.world.tenantId, checkId })
    expect(await suite.world.checked(checkId)).toMatchObject({ code: 'provider_auth' })
    await queues.close()
    expect(authorizations()).toEqual([basic(globalKey, globalToken)])
    expect(await suite.world.audits()).toMatchObject([
      { details: { checkId, purpose: 'check', keyId: 'global' } },
    ])
  })
})
