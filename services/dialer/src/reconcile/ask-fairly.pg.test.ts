import { calls } from '@callwire/db'
import { eventually } from '@callwire/testkit'
import { eq } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { startTestDialer } from '../test-support/dialer-under-test.ts'
import { exotelStandIn } from '../test-support/exotel-stand-in.ts'
import { dialerSuite } from '../test-support/suite.ts'
import { accountSid, tenantWorld } from '../test-support/tenant-world.ts'

const suite = dialerSuite()
const { environment } = suite
const stream = { kind: 'stream' } as const
const ago = (ms: number) => new Date(Date.now() - ms)

/** Placed long ago, and nobody has spoken of it since. */
const silent = (sid: string) => {
  const at = ago(600_000)
  const moments = { createdAt: at, dialingAt: at, dialedAt: at, heardAt: at }
  return {
    status: 'ringing',
    sid,
    fence: 1,
    accountSid,
    allowConcurrent: true,
    ...moments,
  } as const
}

test('a call that ended while others were asked about is not asked about', async () => {
  const phoneId = await suite.world.addPhone(suite.exotel.host, stream)
  for (let n = 0; n < 12; n += 1) await suite.world.addCall(phoneId, silent(`s${n}`))
  const asked: string[] = []
  const { promise: released, resolve: release } = Promise.withResolvers<null>()
  await using _dialer = await startTestDialer(
    environment({ CALL_POLL_AFTER_MS: '60000' }),
    (d) => ({
      ...d,
      exotel: {
        ...d.exotel,
        callDetails: async (_account, sid) => {
          asked.push(sid)
          await released
          return { kind: 'not_found' }
        },
      },
    }),
  )
  await eventually(() => asked.length >= 2)
  await suite.world.withTenant((tx) =>
    tx
      .update(calls)
      .set({ status: 'completed', endedAt: new Date(), heardAt: new Date() })
      .where(eq(calls.status, 'ringing')),
  )
  const before = asked.length
  await suite.world.addCall(phoneId, silent('the last'))
  release(null)
  await eventually(() => asked.includes('the last'))
  expect(asked).toHaveLength(before + 1)
})

test('a host that hangs keeps nobody else from being asked about', async () => {
  await using hung = await exotelStandIn()
  for (let n = 0; n < 500; n += 1) hung.nextReads.push('stall')
  await using other = await tenantWorld(suite.database)
  const theirs = await other.addPhone(hung.host, stream)
  for (let n = 0; n < 60; n += 1) {
    const at = ago(5_000)
    const unknown = { status: 'unknown', fence: 1, dialingAt: at, unknownAt: at } as const
    await other.addCall(theirs, { ...unknown, allowConcurrent: true })
    await other.addCall(theirs, silent(`theirs${n}`))
  }
  suite.exotel.next.push('place-and-cut')
  await using _dialer = await startTestDialer(
    environment({
      EXOTEL_ALLOWED_HOSTS: `${suite.exotel.host},${hung.host}`,
      ...{ DIAL_TIMEOUT_MS: '4000', RECONCILE_GRACE_MS: '600000', CALL_POLL_AFTER_MS: '1000' },
    }),
  )
  // A search and a question, each with its own turns.
  await eventually(() => hung.requests.length >= 2)
  const callId = await suite.world.addCall(await suite.world.addPhone(suite.exotel.host, stream))
  await suite.world.placed(callId)
  const [placed] = suite.exotel.placed
  if (placed !== undefined) placed.status = 'completed'
  await suite.world.reaches(callId, 'completed')
}, 90_000)
