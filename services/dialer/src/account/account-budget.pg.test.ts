import { eventually } from '@callwire/testkit'
import { expect, test } from 'vitest'
import { startTestDialer } from '../test-support/dialer-under-test.ts'
import { dialerSuite } from '../test-support/suite.ts'
import { accountSid } from '../test-support/tenant-world.ts'

const suite = dialerSuite({ alone: true })
const stream = { kind: 'stream' } as const
const noPolls = { CALL_POLL_AFTER_MS: '60000' }

test('every request of every kind is written down: dials, searches, looks at a call', async () => {
  suite.exotel.next.push('place-and-cut')
  await using dialer = await startTestDialer(suite.environment({ CALL_POLL_AFTER_MS: '300' }))
  const callId = await suite.world.addCall(await suite.world.addPhone(suite.exotel.host, stream))
  await suite.world.placed(callId)
  const [placed] = suite.exotel.placed
  if (placed !== undefined) placed.status = 'completed'
  await suite.world.reaches(callId, 'completed')
  const paths = suite.exotel.requests.map(({ path }) => path)
  for (const kind of [/connect\.json$/, /Calls\.json\?/, /^\/v3\//, /details=true$/]) {
    expect(paths.some((path) => kind.test(path))).toBe(true)
  }
  const { accountRequests } = dialer.context.deps.database
  expect(await accountRequests.recent(accountSid, 600_000)).toHaveLength(paths.length)
})

test('a Redis that forgot in mid-minute does not give the account more than its minute', async () => {
  const perMinute = 4
  const environment = { ...noPolls, EXOTEL_REQUESTS_PER_MINUTE: String(perMinute) }
  await using _dialer = await startTestDialer(suite.environment(environment))
  const phoneId = await suite.world.addPhone(suite.exotel.host, stream)
  const ids: string[] = []
  const add = async () => {
    const callId = await suite.world.addCall(phoneId)
    ids.push(callId)
    return callId
  }
  for (let n = 0; n < perMinute - 1; n += 1) await suite.world.placed(await add())
  await suite.redis.flush()
  for (let n = 0; n < perMinute; n += 1) await add()
  const settled = async () => {
    const rows = await Promise.all(ids.map((id) => suite.world.call(id)))
    return rows.every((call) => call.sid !== null || call.reasonCode === 'waiting_for_budget')
  }
  await eventually(settled, { boundMs: 20_000 })
  expect(suite.exotel.dials().length).toBeLessThanOrEqual(perMinute)
})

test('a search that is answered 429 has the dials of that account wait', async () => {
  suite.exotel.next.push('place-and-cut')
  suite.exotel.nextReads.push({ status: 429, headers: { 'retry-after': '30' } })
  await using _dialer = await startTestDialer(suite.environment(noPolls))
  const phoneId = await suite.world.addPhone(suite.exotel.host, stream)
  await suite.world.addCall(phoneId)
  await eventually(() => suite.exotel.requests.length === 2)
  const second = await suite.world.addCall(phoneId)
  await eventually(async () => (await suite.world.call(second)).reasonCode !== null)
  expect((await suite.world.call(second)).reasonMessage).toMatch(/^Exotel asked the account/)
  expect(suite.exotel.dials()).toHaveLength(1)
})
