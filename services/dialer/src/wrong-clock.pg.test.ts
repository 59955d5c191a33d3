import { tenants } from '@callwire/db'
import { systemClock } from '@callwire/runtime'
import { eventually } from '@callwire/testkit'
import { eq, sql } from 'drizzle-orm'
import { describe, expect, test } from 'vitest'
import { startTestDialer } from './test-support/dialer-under-test.ts'
import { dialerSuite } from './test-support/suite.ts'

const suite = dialerSuite()
const stream = { kind: 'stream' } as const
const noPolls = { CALL_POLL_AFTER_MS: '60000' }
const twoMinutesMs = 120_000
/** What a reading of the database's clock may be off, and the rounding of what is stored. */
const slackMs = 600

const databaseNow = async () => {
  const { rows } = await suite.world.withTenant((tx) =>
    tx.execute<{ now: Date }>(sql`select clock_timestamp() as now`),
  )
  return new Date(rows[0]?.now ?? Number.NaN).getTime()
}

/** Whether a moment lies between two of the database's. */
const expectBetween = (at: Date | null, fromMs: number, toMs: number) => {
  expect(at?.getTime()).toBeGreaterThanOrEqual(fromMs - slackMs)
  expect(at?.getTime()).toBeLessThanOrEqual(toMs + slackMs)
}

describe.each([
  ['behind', -twoMinutesMs],
  ['ahead', twoMinutesMs],
])('a dialer whose machine is two minutes %s', (_, offMs) => {
  const machineClock = { ...systemClock, now: () => Date.now() + offMs }
  const start = (over: Record<string, string> = {}) =>
    startTestDialer(suite.environment({ ...noPolls, ...over }), undefined, machineClock)

  test('writes down when it dialed, heard and told by the clock of the database', async () => {
    const fromMs = await databaseNow()
    await using dialer = await start()
    const phoneId = await suite.world.addPhone(suite.exotel.host, stream)
    const call = await suite.world.placed(await suite.world.addCall(phoneId))
    const toMs = await databaseNow()
    expectBetween(call.dialingAt, fromMs, toMs)
    expectBetween(call.dialedAt, fromMs, toMs)
    expectBetween(call.heardAt, fromMs, toMs)
    for (const { at } of await suite.world.events(call.id)) {
      expectBetween(new Date(at), fromMs, toMs)
    }
    expect(dialer.logs.text()).toContain("clock of this machine differs from the database's")
    const shown = await dialer.context.metrics.registry.metrics()
    const offset = /^callwire_clock_offset_seconds (\S+)$/m.exec(shown)?.[1]
    expect(Math.round(Number(offset) / 10)).toBe(-offMs / 10_000)
  })

  test('leaves a call of unknown outcome its grace, and finds it', async () => {
    suite.exotel.next.push('place-and-cut')
    suite.exotel.nextReads.push({ status: 200, body: JSON.stringify({ Calls: [] }) })
    await using _dialer = await start({ RECONCILE_GRACE_MS: '60000' })
    const phoneId = await suite.world.addPhone(suite.exotel.host, stream)
    const fromMs = await databaseNow()
    const callId = await suite.world.addCall(phoneId)
    const call = await suite.world.placed(callId)
    expectBetween(call.unknownAt, fromMs, await databaseNow())
    expect(await suite.world.story(callId)).not.toContain('failed not_placed')
  })

  test('is not taken for lost by a dialer whose clock is right', async () => {
    suite.exotel.next.push('place-and-stall')
    const patient = { DIAL_TIMEOUT_MS: '30000' }
    await using _dialer = await start(patient)
    const phoneId = await suite.world.addPhone(suite.exotel.host, stream)
    const callId = await suite.world.addCall(phoneId)
    await eventually(() => suite.exotel.placed.length === 1)
    await using other = await startTestDialer(suite.environment({ ...noPolls, ...patient }))
    // A call that really was left behind shows that the other one has swept.
    const leftAt = new Date(Date.now() - 60_000)
    const left = await suite.world.addCall(phoneId, {
      ...{ status: 'dialing', fence: 1, allowConcurrent: true },
      dialingAt: leftAt,
    })
    await eventually(async () => (await suite.world.story(left)).includes('unknown dialer_lost'))
    expect(await suite.world.story(callId)).toEqual(['queued', 'dialing'])
    other.stop()
  })

  test('has held calls wait, for as long as others', async () => {
    await suite.world.withTenant((tx) =>
      tx.update(tenants).set({ capTenant: 1 }).where(eq(tenants.tenantId, suite.world.tenantId)),
    )
    await using _dialer = await start()
    const phoneId = await suite.world.addPhone(suite.exotel.host, stream)
    await suite.world.placed(await suite.world.addCall(phoneId))
    const fromMs = await databaseNow()
    const second = await suite.world.addCall(phoneId)
    const held = await eventually(async () => {
      const call = await suite.world.call(second)
      return call.reasonCode === 'waiting_for_cap' ? call : null
    })
    const longestWaitMs = 1_500
    expectBetween(held.dueAt, fromMs, (await databaseNow()) + longestWaitMs)
  })
})
