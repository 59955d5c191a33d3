import { createQueues } from '@callwire/bus'
import { openContent } from '@callwire/crypto'
import { callbackInbox, connectProvisioner } from '@callwire/db'
import { eventually } from '@callwire/testkit'
import { asc, sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { startTestDialer, type RunningDialer } from '../test-support/dialer-under-test.ts'
import { contentRing } from '../test-support/keys.ts'
import { dialerSuite } from '../test-support/suite.ts'

const suite = dialerSuite()

const startQuietDialer = () => startTestDialer(suite.environment({ CALL_POLL_AFTER_MS: '60000' }))

async function placedCall() {
  const phoneId = await suite.world.addPhone(suite.exotel.host, { kind: 'stream' })
  const callId = await suite.world.addCall(phoneId)
  return suite.world.placed(callId)
}

/** Wakes the dialer for a call's callbacks, as the webhook does. */
async function wake(dialer: RunningDialer, callId: string) {
  const { tenantId } = suite.world
  const queues = createQueues(dialer.context.bus)
  await queues.wakeCallback({ tenantId, callId })
  await queues.close()
}

/** Has the database take no such duration any more, as it takes none that is no integer. */
async function refuseDuration(seconds: number) {
  const provisioner = connectProvisioner({ url: suite.database.url })
  await provisioner.withTenant(suite.world.tenantId, (tx) =>
    tx.execute(
      sql`alter table app.calls add constraint refused
        check (duration_seconds <> ${sql.raw(String(seconds))})`,
    ),
  )
  await provisioner.close()
}

const outcomes = async () =>
  (
    await suite.world.withTenant((tx) =>
      tx
        .select({ outcome: callbackInbox.outcome })
        .from(callbackInbox)
        .orderBy(asc(callbackInbox.receivedAt), asc(callbackInbox.id)),
    )
  ).map(({ outcome }) => outcome)

test('callbacks are applied once each, in their order, and kept', async () => {
  await using dialer = await startQuietDialer()
  const { id, sid } = await placedCall()
  const CallSid = sid ?? ''
  await suite.world.addCallback(id, { CallSid, EventType: 'answered', Status: 'in-progress' })
  await wake(dialer, id)
  const answered = await suite.world.reaches(id, 'in-progress')
  expect(answered.answeredAt).not.toBeNull()

  const recordingUrl = 'https://recordings.exotel.com/acme1m/1.mp3'
  const end = {
    CallSid,
    EventType: 'terminal',
    Status: 'completed',
    ConversationDuration: '41',
    'Legs[0][Status]': 'completed',
    'Legs[0][OnCallDuration]': '44',
    'Legs[0][Number]': '09876543210',
    'Legs[1][Status]': 'completed',
    'Legs[1][OnCallDuration]': '41',
  }
  await suite.world.addCallback(id, end)
  await suite.world.addCallback(id, end)
  // The same again, but for the recording, which was ready only now.
  await suite.world.addCallback(id, { ...end, RecordingUrl: recordingUrl })
  await suite.world.addCallback(id, { CallSid, Status: 'null' })
  await suite.world.addCallback(id, { CallSid: 'another', Status: 'failed' })
  await suite.world.addCallback(id, { Status: 'failed' })
  await wake(dialer, id)
  await suite.world.reaches(id, 'completed')
  await eventually(async () => (await outcomes()).every((outcome) => outcome !== null))
  const call = await suite.world.call(id)
  expect(await outcomes()).toEqual([
    'applied',
    'applied',
    'duplicate',
    'ignored_rank',
    'ignored_status',
    'ignored_sid',
    'invalid',
  ])
  expect(await suite.world.story(id)).toEqual(['queued', 'dialing', 'in-progress', 'completed'])
  expect(call).toMatchObject({
    durationSeconds: 41,
    sid,
    legs: [
      { status: 'completed', seconds: 44, answeredBy: null, cause: null },
      { status: 'completed', seconds: 41, answeredBy: null, cause: null },
    ],
  })
  const context = {
    purpose: 'recording-url',
    tenantId: suite.world.tenantId,
    rowId: id,
    field: 'recordingUrl',
  }
  const opened = openContent(contentRing, context, call.recordingUrlSealed ?? '')
  expect(opened.toString('utf8')).toBe(recordingUrl)
})

test('a callback before the reply binds the Sid, and the reply takes nothing back', async () => {
  suite.exotel.next.push('place-slowly')
  await using dialer = await startQuietDialer()
  const phoneId = await suite.world.addPhone(suite.exotel.host, { kind: 'stream' })
  const callId = await suite.world.addCall(phoneId)
  await eventually(() => suite.exotel.placed.length === 1)
  const CallSid = suite.exotel.placed[0]?.sid ?? ''
  await suite.world.addCallback(callId, { CallSid, Status: 'no-answer' })
  await wake(dialer, callId)
  const call = await suite.world.reaches(callId, 'no-answer')
  expect(call.sid).toBe(CallSid)
  await eventually(() => dialer.logs.text().includes('dial attempt ended'))
  expect(await suite.world.call(callId)).toMatchObject({ status: 'no-answer', sid: CallSid })
  expect(await suite.world.story(callId)).toEqual(['queued', 'dialing', 'no-answer'])
})

test('a callback whose job was lost is applied by the sweeper', async () => {
  await using _dialer = await startQuietDialer()
  const { id, sid } = await placedCall()
  await suite.world.addCallback(id, { CallSid: sid ?? '', Status: 'busy' })
  await suite.world.reaches(id, 'busy')
  const events = await suite.world.events(id)
  expect(events.at(-1)?.type).toBe('call.receipt')
})

test('a callback that cannot be written is marked as such, and keeps none of the others', async () => {
  await refuseDuration(4_242)
  await using dialer = await startQuietDialer()
  const { id, sid } = await placedCall()
  const CallSid = sid ?? ''
  const end = { CallSid, EventType: 'terminal', Status: 'completed' }
  await suite.world.addCallback(id, { CallSid, EventType: 'answered', Status: 'in-progress' })
  await suite.world.addCallback(id, { ...end, ConversationDuration: '4242' })
  await suite.world.addCallback(id, { ...end, ConversationDuration: '12' })
  await wake(dialer, id)
  expect(await suite.world.reaches(id, 'completed')).toMatchObject({ durationSeconds: 12 })
  await eventually(async () => (await outcomes()).every((outcome) => outcome !== null))
  expect(await outcomes()).toEqual(['applied', 'unwritable', 'applied'])
  expect(await suite.world.story(id)).toEqual(['queued', 'dialing', 'in-progress', 'completed'])
  expect(dialer.logs.lines()).toContainEqual(
    expect.objectContaining({ level: 'error', msg: 'callback refused', callId: id }),
  )
})

test('a duration that cannot be is as good as none', async () => {
  await using dialer = await startQuietDialer()
  const { id, sid } = await placedCall()
  const end = { CallSid: sid ?? '', EventType: 'terminal', Status: 'completed' }
  await suite.world.addCallback(id, { ...end, ConversationDuration: '1732000000000' })
  await suite.world.addCallback(id, { ...end, ConversationDuration: '12' })
  await wake(dialer, id)
  await suite.world.reaches(id, 'completed')
  await eventually(async () => (await outcomes()).every((outcome) => outcome !== null))
  expect(await outcomes()).toEqual(['applied', 'ignored_rank'])
  expect((await suite.world.call(id)).durationSeconds).toBe(12)
})

test('a flow that reports by its applets is followed, and a stream that failed is told', async () => {
  await using dialer = await startQuietDialer()
  const { id, sid } = await placedCall()
  const CallSid = sid ?? ''
  const asked = { CallSid, CallFrom: '09876543210', CallTo: '08047112233' }
  const failed = {
    ...asked,
    'Stream[Status]': 'failed',
    'Stream[DetailedStatus]': 'Streaming_call_throttled',
    DialCallStatus: 'no-answer',
  }
  for (const fields of [asked, failed, failed]) {
    await suite.world.addCallback(id, fields, 'passthru')
  }
  await suite.world.addCallback(id, { ...asked, CallSid: 'another' }, 'passthru')
  await wake(dialer, id)
  await suite.world.reaches(id, 'in-progress')
  await eventually(async () => (await outcomes()).every((outcome) => outcome !== null))
  expect(await outcomes()).toEqual(['applied', 'ignored_rank', 'duplicate', 'ignored_sid'])
  const call = await suite.world.call(id)
  expect(call.legs?.map(({ status }) => status)).toEqual([null, 'no-answer'])
  const alerts = (await suite.world.events(id)).filter(({ type }) => type === 'alert')
  expect(alerts.map(({ data }) => data)).toEqual([
    {
      code: 'stream_failed',
      severity: 'warn',
      message:
        'Exotel opened no media stream for this call: its account has as many open as it may.',
    },
  ])
  await suite.world.addCallback(id, { CallSid, Status: 'completed' })
  await wake(dialer, id)
  await suite.world.reaches(id, 'completed')
})
