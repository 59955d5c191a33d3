import { eventually } from '@callwire/testkit'
import { describe, expect, test } from 'vitest'
import { startTestDialer } from '../test-support/dialer-under-test.ts'
import { dialerSuite } from '../test-support/suite.ts'

const suite = dialerSuite()
const stream = { kind: 'stream' } as const
const perMinute = 4

const start = () =>
  startTestDialer(
    suite.environment({
      EXOTEL_REQUESTS_PER_MINUTE: String(perMinute),
      CALL_POLL_AFTER_MS: '60000',
    }),
  )

const reasonOf = async (callId: string) => (await suite.world.call(callId)).reasonCode

describe('an account whose minute is used up', () => {
  test.each([
    ['is flushed', () => suite.redis.flush()],
    [
      'dies and comes back empty',
      async () => {
        await suite.redis.flush()
        await suite.redis.kill()
        await suite.redis.restart()
      },
    ],
  ])('is asked no more when Redis %s, whichever dialer asks', async (_what, forget) => {
    const phoneId = await suite.world.addPhone(suite.exotel.host, stream)
    const calls = []
    {
      await using _dialer = await start()
      for (let i = 0; i < perMinute; i += 1) calls.push(await suite.world.addCall(phoneId))
      for (const callId of calls) await suite.world.placed(callId)
    }
    await forget()
    await using _one = await start()
    await using _two = await start()
    const late = [await suite.world.addCall(phoneId), await suite.world.addCall(phoneId)]
    // First they wait until all that was taken is written down, then for the minute to pass.
    await eventually(
      async () => {
        const waits = await Promise.all(late.map((callId) => suite.world.call(callId)))
        return waits.every(
          (call) => call.reasonCode === 'waiting_for_budget' && dueInMs(call.dueAt) > 10_000,
        )
      },
      { what: 'calls that wait for the minute to pass' },
    )
    for (const callId of late) expect(await reasonOf(callId)).toBe('waiting_for_budget')
    expect(suite.exotel.requests).toHaveLength(perMinute)
  })
})

function dueInMs(at: Date): number {
  return at.getTime() - Date.now()
}
