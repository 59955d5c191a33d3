import { eventually } from '@callwire/testkit'
import { expect, test } from 'vitest'
import { startDialerProcess } from './test-support/dialer-process.ts'
import { dialerSuite } from './test-support/suite.ts'

const suite = dialerSuite()

test('ends in good order also while Redis is away', async () => {
  const dialer = await startDialerProcess(suite.environment())
  await suite.redis.kill()
  await eventually(() => dialer.output().includes('redis connection lost'))
  try {
    expect(await dialer.end()).toBe(0)
  } finally {
    await suite.redis.restart()
  }
})

test('cuts a request that nobody answers: its call is unknown, not lost', async () => {
  suite.exotel.next.push('place-and-stall')
  const phoneId = await suite.world.addPhone(suite.exotel.host, { kind: 'stream' })
  const callId = await suite.world.addCall(phoneId)
  const dialer = await startDialerProcess(suite.environment({ DIAL_TIMEOUT_MS: '35000' }))
  await eventually(() => suite.exotel.placed.length === 1)
  expect(await dialer.end()).toBe(0)
  expect(await suite.world.call(callId)).toMatchObject({ status: 'unknown', sid: null })
})
