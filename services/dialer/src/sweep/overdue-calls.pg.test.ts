import { connectDatabase, type Database } from '@callwire/db'
import { createLedger, verifyChain } from '@callwire/ledger'
import { systemClock, systemRandom } from '@callwire/runtime'
import { captureLogs } from '@callwire/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { DialerDeps } from '../deps.ts'
import { startTestDialer } from '../test-support/dialer-under-test.ts'
import { dialerSuite } from '../test-support/suite.ts'
import { tenantWorld } from '../test-support/tenant-world.ts'
import { sweepOverdue } from './overdue-calls.ts'

const suite = dialerSuite()
const stream = { kind: 'stream' } as const
const ago = (ms: number) => new Date(Date.now() - ms)
const minuteAgo = () => ({ dueAt: ago(60_000) })

let database: Database
let deps: Pick<DialerDeps, 'database' | 'ledger' | 'log'>

beforeEach(async () => {
  const url = suite.database.serviceUrl('dialer')
  database = await connectDatabase({ url, applicationName: 'test-dialer', maxConnections: 4 })
  const { log } = captureLogs()
  const doorbell = { ringEvents: () => Promise.resolve() }
  const [clock, random] = [systemClock, systemRandom]
  deps = { database, ledger: createLedger({ database, doorbell, clock, random, log }), log }
})
afterEach(() => database.close())

const late = ['queued', 'queued dialer_delayed']

describe('a call that is due and not looked at', () => {
  test('says so once, of whichever tenant it is', async () => {
    await using other = await tenantWorld(suite.database)
    const worlds = [suite.world, other]
    const waiting = await Promise.all(
      worlds.map(async (world) => {
        const phoneId = await world.addPhone(suite.exotel.host, stream)
        return { world, callId: await world.addCall(phoneId, minuteAgo()) }
      }),
    )
    await sweepOverdue(deps)
    await sweepOverdue(deps)
    for (const { world, callId } of waiting) {
      expect(await world.story(callId)).toEqual(late)
      const { attempt, dueAt, reasonMessage } = await world.call(callId)
      expect(attempt).toBe(1)
      expect(dueAt.getTime()).toBeLessThan(Date.now() - 50_000)
      expect(reasonMessage).toMatch(/^The dialer has not come to this call/)
      expect(verifyChain(callId, await world.events(callId)).ok).toBe(true)
    }
  })

  test('goes on as ever when a dialer comes to it', async () => {
    const phoneId = await suite.world.addPhone(suite.exotel.host, stream)
    const callId = await suite.world.addCall(phoneId, minuteAgo())
    await sweepOverdue(deps)
    await using _dialer = await startTestDialer(suite.environment())
    expect(await suite.world.placed(callId)).toMatchObject({ reasonCode: null })
    expect((await suite.world.story(callId)).slice(0, 3)).toEqual([...late, 'dialing'])
  })

  test('is told apart from those that have a reason, are young, or are not due', async () => {
    const phoneId = await suite.world.addPhone(suite.exotel.host, stream)
    const calls = [
      { ...minuteAgo(), reasonCode: 'waiting_for_cap' },
      { ...minuteAgo(), status: 'canceled', endedAt: new Date() },
      { dueAt: ago(0) },
      { dueAt: ago(-3_600_000) },
    ] as const
    const ids = await Promise.all(calls.map((over) => suite.world.addCall(phoneId, over)))
    const before = await Promise.all(ids.map((callId) => suite.world.call(callId)))
    // Far more than a machine can stand still for, and less than a minute.
    await sweepOverdue(deps, 45_000)
    expect(await Promise.all(ids.map((callId) => suite.world.call(callId)))).toEqual(before)
  })

  test('is left alone when it was dialed in the moment between', async () => {
    const phoneId = await suite.world.addPhone(suite.exotel.host, stream)
    const callId = await suite.world.addCall(phoneId, minuteAgo())
    const dialedMeanwhile: Database = {
      ...database,
      withTenant: async (tenantId, work) => {
        const found = await database.withTenant(tenantId, work)
        await using _dialer = await startTestDialer(suite.environment())
        await suite.world.placed(callId)
        return found
      },
    }
    await sweepOverdue({ ...deps, database: dialedMeanwhile })
    expect(await suite.world.story(callId)).not.toContain('queued dialer_delayed')
  })
})

test('a dialer whose Redis went away says so of its calls', async () => {
  await using _dialer = await startTestDialer(suite.environment())
  const phoneId = await suite.world.addPhone(suite.exotel.host, stream)
  await suite.redis.kill()
  const callId = await suite.world.addCall(phoneId)
  try {
    await expect.poll(() => suite.world.story(callId), { timeout: 45_000 }).toEqual(late)
  } finally {
    await suite.redis.restart()
  }
  await suite.world.placed(callId)
}, 90_000)
