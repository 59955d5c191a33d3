import { changeStatus, loadCall } from '@callwire/ledger'
import { eventually } from '@callwire/testkit'
import { expect, test } from 'vitest'
import { startTestDialer } from '../test-support/dialer-under-test.ts'
import { dialerSuite } from '../test-support/suite.ts'

const suite = dialerSuite()
const noPolls = { CALL_POLL_AFTER_MS: '60000' }
const aPhone = () => suite.world.addPhone(suite.exotel.host, { kind: 'stream' })

/** The Sid of the request that Exotel has taken and not answered yet. */
async function takenSid(): Promise<string> {
  await eventually(() => suite.exotel.placed.length === 1)
  return suite.exotel.placed[0]?.sid ?? ''
}

test.each([
  ['the reply tells it', 'place-slowly' as const],
  ['the reconciler finds it', 'place-and-cut' as const],
])('a Sid that a media socket made an inbound call of goes to our call when %s', async (_, how) => {
  suite.exotel.next.push(how)
  await using _dialer = await startTestDialer(suite.environment(noPolls))
  const phoneId = await aPhone()
  const callId = await suite.world.addCall(phoneId)
  const sid = await takenSid()
  const inbound = await suite.world.addCall(phoneId, {
    direction: 'inbound',
    status: 'in-progress',
    sid,
  })
  expect(await suite.world.placed(callId)).toMatchObject({ sid })
  expect(await suite.world.call(inbound)).toMatchObject({ sid: null, status: 'in-progress' })
})

test('a callback takes a Sid back from an inbound call, and ends its own', async () => {
  suite.exotel.next.push('place-and-stall')
  await using _dialer = await startTestDialer(suite.environment(noPolls))
  const phoneId = await aPhone()
  const callId = await suite.world.addCall(phoneId)
  const sid = await takenSid()
  await suite.world.addCall(phoneId, { direction: 'inbound', status: 'in-progress', sid })
  await suite.world.addCallback(callId, { CallSid: sid, Status: 'completed' })
  expect(await suite.world.reaches(callId, 'completed')).toMatchObject({ sid })
})

test('a reply with the Sid of another call we placed leaves the call unknown, and pages', async () => {
  const reply = { status: 200, body: JSON.stringify({ Call: { Sid: 'same1' } }) }
  suite.exotel.next.push(reply, reply)
  // Long enough to look at it while it is unknown.
  const patient = suite.environment({ ...noPolls, RECONCILE_GRACE_MS: '8000' })
  await using _dialer = await startTestDialer(patient)
  const phoneId = await aPhone()
  const first = await suite.world.addCall(phoneId)
  await suite.world.placed(first)
  const second = await suite.world.addCall(phoneId)
  expect(await suite.world.reaches(second, 'unknown')).toMatchObject({ sid: null })
  const alerts = (await suite.world.events(second)).flatMap(({ type, data }) =>
    type === 'alert' && data !== null ? [data] : [],
  )
  expect(alerts).toMatchObject([{ code: 'sid_conflict', severity: 'page' }])
  await suite.world.addCallback(second, { CallSid: 'same1', Status: 'completed' })
  await suite.world.reaches(second, 'failed')
  expect(await suite.world.call(first)).toMatchObject({ sid: 'same1', status: 'dialing' })
})

test('the reply outweighs what a media socket called the call, and lets callbacks in', async () => {
  suite.exotel.next.push('place-slowly')
  await using dialer = await startTestDialer(suite.environment(noPolls))
  const callId = await suite.world.addCall(await aPhone())
  const sid = await takenSid()
  await suite.world.ledger.transact(suite.world.tenantId, callId, async (w) => {
    const call = await loadCall(w.tx, callId)
    if (call !== null) await changeStatus(w, call, { status: 'in-progress', sid: 'leg1' })
  })
  await suite.world.addCallback(callId, { CallSid: sid, Status: 'completed' })
  expect(await suite.world.reaches(callId, 'completed')).toMatchObject({ sid })
  expect(dialer.logs.text()).not.toContain('sid_conflict')
})
