import { createQueues } from '@callwire/bus'
import { phones, tenantAlerts } from '@callwire/db'
import { eventually } from '@callwire/testkit'
import { eq } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startTestDialer } from '../test-support/dialer-under-test.ts'
import { exotelStandIn, type ExotelStandIn } from '../test-support/exotel-stand-in.ts'
import { dialerSuite } from '../test-support/suite.ts'
import { apiKey, apiToken, tenantWorld, type TenantWorld } from '../test-support/tenant-world.ts'

const suite = dialerSuite()
const stream = { kind: 'stream' } as const
/** Another host that is allowed, and one that is not; both listen and count. */
let second: ExotelStandIn
let evil: ExotelStandIn
let stranger: TenantWorld

beforeEach(async () => {
  second = await exotelStandIn()
  evil = await exotelStandIn()
  stranger = await tenantWorld(suite.database)
})
afterEach(async () => {
  await stranger[Symbol.asyncDispose]()
  await evil[Symbol.asyncDispose]()
  await second[Symbol.asyncDispose]()
})

/** Long rounds, so that each call is asked about once. */
const environment = () =>
  suite.environment({
    EXOTEL_ALLOWED_HOSTS: `${suite.exotel.host},${second.host}`,
    RECONCILE_AFTER_MS: '60000',
    RECONCILE_GRACE_MS: '600000',
    CALL_POLL_AFTER_MS: '60000',
  })
const longAgo = () => new Date(Date.now() - 90_000)

type Row = Awaited<ReturnType<TenantWorld['credentials']>>
type Others = { neighbour: Row; foreign: Row }

const flipped = (sealed: string) =>
  (sealed.slice(0, -5) + (sealed.at(-5) === 'A' ? 'B' : 'A') + sealed.slice(-4)) as Row['encApiKey']

const tampers: [what: string, change: (row: Row, o: Others) => Partial<Row>][] = [
  ['the host, to another allowed one', () => ({ subdomain: second.host })],
  ['the host, to one of the thief', () => ({ subdomain: evil.host })],
  ['the account sid', () => ({ sid: 'acme2' })],
  ['the version', (row) => ({ version: row.version + 1 })],
  [
    'key and token, for each other',
    (row) => ({ encApiKey: row.encApiToken, encApiToken: row.encApiKey }),
  ],
  ['the token, to the key again', (row) => ({ encApiToken: row.encApiKey })],
  ["the whole row, to another phone's", (_row, { neighbour }) => neighbour],
  ["the token, to another phone's", (_row, { neighbour: { encApiToken } }) => ({ encApiToken })],
  ["the whole row, to another tenant's", (_row, { foreign }) => foreign],
  ['one letter of the key', (row) => ({ encApiKey: flipped(row.encApiKey) })],
  ['one letter of the token', (row) => ({ encApiToken: flipped(row.encApiToken) })],
]

describe.each(tampers)('after somebody changed %s', (_what, change) => {
  test('nothing is dialed, reconciled, polled or checked: it is an alert, and no byte goes out', async () => {
    const { world, exotel } = suite
    const phoneId = await world.addPhone(exotel.host, stream)
    const neighbour = await world.credentials(await world.addPhone(exotel.host, stream))
    const theirs = await stranger.addPhone(exotel.host, stream)
    const foreign = await stranger.credentials(theirs)
    const row = await world.credentials(phoneId)
    await world.changeCredentials(phoneId, change(row, { neighbour, foreign }))

    const dialed = await world.addCall(phoneId)
    const placing = { fence: 1, dialingAt: longAgo() }
    const unknown = await world.addCall(phoneId, {
      ...{ ...placing, status: 'unknown', unknownAt: longAgo() },
    })
    const live = await world.addCall(phoneId, {
      ...{ ...placing, status: 'ringing', sid: `sid${phoneId}`, dialedAt: longAgo() },
    })
    await using dialer = await startTestDialer(environment())
    const checkId = await world.addCheck(phoneId)
    const queues = createQueues(dialer.context.bus)
    await queues.wakeCheck({ tenantId: world.tenantId, checkId })

    const refusal = {
      reasonCode: 'credential_integrity',
      reasonMessage: 'Invalid encrypted data format',
    }
    expect(await world.reaches(dialed, 'failed')).toMatchObject(refusal)
    expect(await world.checked(checkId)).toMatchObject({
      state: 'failed',
      code: 'credential_integrity',
      message: 'Invalid encrypted data format',
    })
    for (const callId of [dialed, unknown, live]) {
      const alerts = await eventually(async () => {
        const found = (await world.events(callId)).filter(({ type }) => type === 'alert')
        return found.length > 0 ? found : null
      })
      expect(alerts.map(({ data }) => data)).toEqual([
        expect.objectContaining({ code: 'credential_integrity', severity: 'page' }),
      ])
    }
    expect(await world.withTenant((tx) => tx.select().from(tenantAlerts))).toMatchObject([
      { code: 'credential_integrity', severity: 'page', about: { phoneId, checkId } },
    ])
    expect((await world.call(unknown)).status).toBe('unknown')
    expect((await world.call(live)).status).toBe('ringing')
    const [phone] = await world.withTenant((tx) =>
      tx.select().from(phones).where(eq(phones.id, phoneId)),
    )
    expect(phone).toMatchObject({ authFailures: 0, breakerOpenedAt: null })

    await queues.close()
    await dialer[Symbol.asyncDispose]()
    expect([exotel, second, evil].map(({ connections }) => connections)).toEqual([0, 0, 0])
    const opened = (await world.audits()).map(({ targetId, details }) => ({ targetId, details }))
    const detailsOf = (purpose: string, subject: object) => ({
      targetId: phoneId,
      details: { purpose, keyId: 'k1', ...subject },
    })
    expect(opened).toHaveLength(4)
    expect(opened).toEqual(
      expect.arrayContaining([
        detailsOf('place-call', { callId: dialed }),
        detailsOf('reconcile', { callId: unknown }),
        detailsOf('poll', { callId: live }),
        detailsOf('check', { checkId }),
      ]),
    )
    for (const secret of [apiKey, apiToken]) expect(dialer.logs.text()).not.toContain(secret)
    expect(
      dialer.logs.text().match(/"alert":"credential_integrity","severity":"page"/g),
    ).toHaveLength(4)
  })
})

test('what stays broken is said once, however often it is looked at', async () => {
  const { world, exotel } = suite
  const phoneId = await world.addPhone(exotel.host, stream)
  await world.changeCredentials(phoneId, { version: 7 })
  const live = await world.addCall(phoneId, {
    ...{ status: 'ringing', fence: 1, dialingAt: longAgo() },
    ...{ sid: `sid${phoneId}`, dialedAt: longAgo() },
  })
  await using _dialer = await startTestDialer(suite.environment({ CALL_POLL_AFTER_MS: '50' }))
  await eventually(async () => (await world.audits()).length >= 3)
  const alerts = (await world.events(live)).filter(({ type }) => type === 'alert')
  expect(alerts).toHaveLength(1)
  expect(exotel.connections).toBe(0)
})
