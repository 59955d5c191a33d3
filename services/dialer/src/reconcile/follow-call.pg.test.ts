import { calls, connectDatabase, mediaStreams } from '@callwire/db'
import { eventually } from '@callwire/testkit'
import { eq } from 'drizzle-orm'
import { describe, expect, test } from 'vitest'
import { startDialerProcess } from '../test-support/dialer-process.ts'
import { startTestDialer } from '../test-support/dialer-under-test.ts'
import { dialerSuite } from '../test-support/suite.ts'
import { agentNumber } from '../test-support/tenant-world.ts'

const suite = dialerSuite()
const { environment } = suite
const stream = { kind: 'stream' } as const
const noPolls = { CALL_POLL_AFTER_MS: '60000' }

describe('an attempt of unknown outcome', () => {
  test.each([
    ['a stream agent', stream],
    ['a human agent', { kind: 'human', number: agentNumber } as const],
  ])('for %s, whose reply was cut, is found again: one call', async (_title, agent) => {
    suite.exotel.next.push('place-and-cut')
    await using _dialer = await startTestDialer(environment(noPolls))
    const callId = await suite.world.addCall(await suite.world.addPhone(suite.exotel.host, agent))
    const call = await suite.world.placed(callId)
    expect(call).toMatchObject({ status: 'ringing', sid: suite.exotel.placed[0]?.sid, fence: 1 })
    expect(suite.exotel.dials()).toHaveLength(1)
    expect(await suite.world.story(callId)).toEqual([
      'queued',
      'dialing',
      'unknown outcome_unknown',
      'ringing',
    ])
    const purposes = (await suite.world.audits()).map(({ details }) => details['purpose'])
    expect(purposes).toEqual(['place-call', 'reconcile'])
  })

  test('that Exotel never saw fails after the grace, and news reopens it', async () => {
    suite.exotel.next.push('cut')
    await using _dialer = await startTestDialer(environment(noPolls))
    const callId = await suite.world.addCall(await suite.world.addPhone(suite.exotel.host, stream))
    const failed = await suite.world.reaches(callId, 'failed')
    expect(failed).toMatchObject({ reasonCode: 'not_placed', fence: 2 })
    expect(suite.exotel.dials()).toHaveLength(1)

    await suite.world.addCallback(callId, { CallSid: 'late1', Status: 'completed' })
    await suite.world.reaches(callId, 'completed')
    expect(await suite.world.story(callId)).toEqual([
      'queued',
      'dialing',
      'unknown outcome_unknown',
      'failed not_placed',
      'completed',
    ])
    const types = (await suite.world.events(callId)).map(({ type }) => type)
    expect(types.slice(4)).toEqual(['call.receipt', 'call.status', 'alert'])
  })

  test('is adopted by its numbers alone where call details v3 do not answer', async () => {
    suite.exotel.v3 = false
    suite.exotel.next.push('place-and-cut')
    await using _dialer = await startTestDialer(environment(noPolls))
    const callId = await suite.world.addCall(await suite.world.addPhone(suite.exotel.host, stream))
    const call = await suite.world.placed(callId)
    expect(call.sid).toBe(suite.exotel.placed[0]?.sid)
  })

  test('is parked for a person where two calls fit', async () => {
    suite.exotel.v3 = false
    suite.exotel.next.push('place-and-cut', 'place-and-cut')
    const phoneId = await suite.world.addPhone(suite.exotel.host, stream)
    const ids = [await suite.world.addCall(phoneId), await suite.world.addCall(phoneId)]
    // Both are placed before either is looked for.
    const late = environment({ ...noPolls, RECONCILE_AFTER_MS: '1000' })
    await using _dialer = await startTestDialer(late)
    for (const id of ids) {
      await eventually(async () => (await suite.world.call(id)).reasonCode === 'needs_review', {
        what: 'needs_review',
      })
      const call = await suite.world.call(id)
      expect(call.status).toBe('unknown')
      const shown = suite.exotel.placed.map(({ sid, createdAt }) => ({
        sid,
        status: 'in-progress',
        createdAt: new Date(Math.floor(createdAt.getTime() / 1_000) * 1_000).toISOString(),
        durationSeconds: null,
      }))
      expect(call.candidates).toEqual(shown)
      const alerts = (await suite.world.events(id)).filter(({ type }) => type === 'alert')
      expect(alerts.map(({ data }) => data)).toMatchObject([{ code: 'needs_review' }])
    }
    expect(suite.exotel.dials()).toHaveLength(2)
  })
})

describe('a dialer that is killed', () => {
  test('between compare-and-swap and answer leaves its call to the reconciler', async () => {
    suite.exotel.next.push('place-and-stall')
    const phoneId = await suite.world.addPhone(suite.exotel.host, stream)
    const callId = await suite.world.addCall(phoneId)
    const first = await startDialerProcess(environment({ ...noPolls, DIAL_TIMEOUT_MS: '30000' }))
    await eventually(() => suite.exotel.placed.length === 1)
    await first.kill()
    expect((await suite.world.call(callId)).status).toBe('dialing')

    const second = await startDialerProcess(environment({ ...noPolls, DIAL_TIMEOUT_MS: '3000' }))
    try {
      const call = await suite.world.placed(callId)
      expect(call).toMatchObject({ status: 'ringing', sid: suite.exotel.placed[0]?.sid, fence: 2 })
      expect(suite.exotel.dials()).toHaveLength(1)
      expect(await suite.world.story(callId)).toEqual([
        'queued',
        'dialing',
        'unknown dialer_lost',
        'ringing',
      ])
    } finally {
      expect(await second.end()).toBe(0)
    }
  })

  test('in good order lets its request finish and begins no other', async () => {
    suite.exotel.next.push('place-slowly')
    const phoneId = await suite.world.addPhone(suite.exotel.host, stream)
    const callId = await suite.world.addCall(phoneId)
    const dialer = await startDialerProcess(environment({ ...noPolls, DIAL_TIMEOUT_MS: '10000' }))
    await eventually(() => suite.exotel.placed.length === 1)
    const ended = dialer.end()
    const late = await suite.world.addCall(phoneId)
    expect(await ended).toBe(0)
    expect((await suite.world.call(callId)).sid).toBe(suite.exotel.placed[0]?.sid)
    expect((await suite.world.call(late)).status).toBe('queued')
  })
})

describe('the audit', () => {
  test('has one row for each opening: the dial, each search, each question', async () => {
    suite.exotel.next.push('place-and-cut')
    // The call shows up on Exotel's list at the third look.
    const empty = { status: 200, body: JSON.stringify({ Calls: [] }) }
    suite.exotel.nextReads.push(empty, empty)
    const dialer = await startTestDialer(environment({ RECONCILE_GRACE_MS: '60000' }))
    const phoneId = await suite.world.addPhone(suite.exotel.host, stream)
    const callId = await suite.world.addCall(phoneId)
    await suite.world.placed(callId)
    const [placed] = suite.exotel.placed
    await eventually(async () => (await suite.world.audits()).length >= 6, { boundMs: 30_000 })
    if (placed !== undefined) placed.status = 'completed'
    await suite.world.reaches(callId, 'completed')
    await dialer[Symbol.asyncDispose]()
    const rows = await suite.world.audits()
    for (const row of rows) {
      expect(row).toMatchObject({ action: 'credentials.open', targetId: phoneId })
      expect(row.details).toMatchObject({ callId, keyId: 'k1' })
    }
    const rowsFor = (purpose: string) =>
      rows.filter(({ details }) => details['purpose'] === purpose).length
    const asked = (pattern: RegExp) =>
      suite.exotel.requests.filter(({ path }) => pattern.test(path)).length
    expect(rowsFor('place-call')).toBe(1)
    expect(rowsFor('reconcile')).toBe(3)
    expect(rowsFor('reconcile')).toBe(asked(/\/Calls\.json\?/))
    expect(rowsFor('poll')).toBe(asked(/\/Calls\/[^/]+\.json\?details=true/))
    expect(rows).toHaveLength(4 + rowsFor('poll'))
  })
})

describe('a media stream whose ingest is gone', () => {
  test('is ended with its last counters, and an inbound call with it', async () => {
    const phoneId = await suite.world.addPhone(suite.exotel.host, stream)
    const callId = await suite.world.addCall(phoneId, {
      direction: 'inbound',
      status: 'in-progress',
      answeredAt: new Date(),
    })
    const ingest = await connectDatabase({
      url: suite.database.serviceUrl('ingest'),
      applicationName: 'test-ingest',
      maxConnections: 1,
    })
    const { tenantId } = suite.world
    const streamId = suite.world.newId('stream')
    await ingest.withTenant(tenantId, (tx) =>
      tx.insert(mediaStreams).values({
        tenantId,
        id: streamId,
        callId,
        streamSid: 'ss1',
        sampleRate: 8_000,
        keySalt: 'A'.repeat(22),
        heartbeatAt: new Date(Date.now() - 16_000),
        frames: 50,
        audioMs: 1_000,
        clockMs: 1_040,
        gaps: [{ fromMs: 100, toMs: 140 }],
      }),
    )
    await ingest.close()
    await using _dialer = await startTestDialer(environment())
    await suite.world.reaches(callId, 'completed')
    const events = await suite.world.events(callId)
    expect(events.find(({ type }) => type === 'stream.ended')?.data).toEqual({
      frames: 50,
      audioMs: 1_000,
      duplicated: 0,
      rewound: 0,
      gaps: [{ fromMs: 100, toMs: 140 }],
      reason: 'lost',
    })
    expect(events.at(-1)).toMatchObject({ type: 'call.receipt', data: { frames: 50 } })
    const [row] = await suite.world.withTenant((tx) =>
      tx.select().from(mediaStreams).where(eq(mediaStreams.id, streamId)),
    )
    expect(row?.endedAt).not.toBeNull()
  })
})

describe('a receipt that nobody wrote', () => {
  test('is written', async () => {
    const phoneId = await suite.world.addPhone(suite.exotel.host, stream)
    const callId = await suite.world.addCall(phoneId)
    await suite.world.withTenant((tx) =>
      tx
        .update(calls)
        .set({ status: 'canceled', endedAt: new Date(Date.now() - 2_000) })
        .where(eq(calls.id, callId)),
    )
    await using _dialer = await startTestDialer(environment())
    await eventually(async () => (await suite.world.events(callId)).at(-1)?.type === 'call.receipt')
  })
})
