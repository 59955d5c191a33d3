import { connectRedis } from '@callwire/bus'
import { connectDatabase, tenants } from '@callwire/db'
import { eventually } from '@callwire/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { audioLifeMs } from './audio-life.ts'
import { createFixture, type Fixture } from './testing/fixture.ts'
import { basic, dial, mediaTexts, pcmOf, startText } from './testing/wire-client.ts'

const hourMs = 3_600_000

let fixture: Fixture
beforeAll(async () => {
  fixture = await createFixture()
})
afterAll(() => fixture[Symbol.asyncDispose]())

test.each([
  [0, hourMs],
  [1, 24 * hourMs],
  [7, 168 * hourMs],
])('%d days are %d ms', (days, ms) => {
  expect(audioLifeMs(days)).toBe(ms)
})

test.each([0, 2])(
  'audio that nobody reads lives for what its tenant says: %d days',
  async (days) => {
    const ingest = await fixture.start()
    const phone = await fixture.seedPhone()
    const url = fixture.db.serviceUrl('gateway')
    const gateway = await connectDatabase({ url, applicationName: 'test', maxConnections: 1 })
    await gateway.withTenant(phone.tenantId, (tx) =>
      tx.update(tenants).set({ retainAudioDays: days }),
    )
    await gateway.close()
    const { callId } = await fixture.seedCall(phone, { sid: `kept-${days}` })
    const client = await dial(ingest.url, basic(phone.key, phone.token))
    client.send(startText({ callSid: `kept-${days}` }), ...mediaTexts(pcmOf(10)))
    await using redis = await connectRedis({
      url: fixture.redis.url,
      name: 't',
      log: fixture.logs.log,
    })
    const leftMs = await eventually(async () => {
      const ms = await redis.command.pttl(`audio:{${callId}}`)
      return ms > 0 ? ms : null
    })
    const lifeMs = audioLifeMs(days)
    expect(leftMs).toBeLessThanOrEqual(lifeMs)
    expect(leftMs).toBeGreaterThan(lifeMs / 2)
    client.socket.terminate()
    await ingest.stop()
  },
)
