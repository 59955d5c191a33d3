import { answerParkedCall, changeStatus, loadCall, type ParkedAnswer } from '@callwire/ledger'
import { eventually } from '@callwire/testkit'
import { expect, test } from 'vitest'
import { startTestDialer } from '../test-support/dialer-under-test.ts'
import { dialerSuite } from '../test-support/suite.ts'

const suite = dialerSuite()
const stream = { kind: 'stream' } as const

/** A call that a person has said to be the one with this Sid. */
async function answeredCall(answer: ParkedAnswer): Promise<string> {
  const phoneId = await suite.world.addPhone(suite.exotel.host, stream)
  const at = new Date(Date.now() - 60_000)
  const dialed = { status: 'unknown', fence: 1, dialingAt: at, unknownAt: at } as const
  const callId = await suite.world.addCall(phoneId, dialed)
  await suite.world.ledger.transact(suite.world.tenantId, callId, async (w) => {
    const call = await loadCall(w.tx, callId)
    if (call === null) throw new Error('no call')
    const reason = { code: 'needs_review', message: 'Two fit.' }
    await changeStatus(w, call, { status: 'unknown', exception: 'annotate', reason })
    expect(await answerParkedCall(w, call, answer)).toBe('answered')
  })
  return callId
}

test('a Sid that Exotel does not have is taken back, and the call is parked again', async () => {
  const callId = await answeredCall({ sid: 'mistyped1' })
  await using _dialer = await startTestDialer(suite.environment())
  const call = await suite.world.reaches(callId, 'unknown')
  expect(call).toMatchObject({ reasonCode: 'needs_review', sid: null, dialedAt: null })
  expect(await suite.world.story(callId)).toEqual([
    'queued',
    'unknown needs_review',
    'ringing',
    'unknown needs_review',
  ])
  const last = (await suite.world.events(callId)).at(-1)
  expect(last).toMatchObject({ type: 'alert', data: { code: 'needs_review' } })
})

test('one that Exotel has spoken of stays', async () => {
  const callId = await answeredCall({ sid: 'known1' })
  await suite.world.addCallback(callId, { CallSid: 'known1', Status: 'ringing' })
  const quiet = { CALL_POLL_AFTER_MS: '3600000' }
  {
    await using _dialer = await startTestDialer(suite.environment(quiet))
    await eventually(async () => (await suite.world.call(callId)).heardAt !== null)
  }
  await using _dialer = await startTestDialer(suite.environment({ CALL_POLL_AFTER_MS: '100' }))
  await eventually(() => suite.exotel.requests.length >= 2)
  expect(await suite.world.call(callId)).toMatchObject({ status: 'ringing', sid: 'known1' })
})
