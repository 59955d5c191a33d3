import type { CallStatus } from '@callwire/contracts'
import { mediaStreams, transcriptions } from '@callwire/db'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { changeStatus, loadCall, type CallRow, type StatusChange } from './change-status.ts'
import type { Ledger } from './ledger.ts'
import { arrangeLedger, idOf, type Arranged } from './testing/arrange-ledger.ts'
import { writeReceiptIfDone } from './write-receipt.ts'

let at: Arranged
let ingest: Ledger
let callId: string

beforeAll(async () => {
  at = await arrangeLedger()
  ingest = await at.another()
})
afterAll(() => at[Symbol.asyncDispose]())
beforeEach(async () => {
  callId = await at.newCall()
})

async function load(): Promise<CallRow> {
  const call = await at.database.withTenant(at.tenantId, (tx) => loadCall(tx, callId))
  if (call === null) throw new Error('no call')
  return call
}

function change(to: StatusChange, ledger = at.ledger): Promise<boolean> {
  return ledger.transact(at.tenantId, callId, async (w) => {
    const call = await loadCall(w.tx, callId)
    return call !== null && (await changeStatus(w, call, to))
  })
}

async function statusEvents() {
  const events = await at.ledger.read(at.tenantId, callId, { after: 0, limit: 99 })
  return events.filter(({ type }) => type === 'call.status').map(({ data }) => data)
}

describe('changeStatus', () => {
  test('writes row and event together', async () => {
    const at1 = new Date('2025-01-01T00:00:00.000Z')
    expect(await change({ status: 'dialing', fence: 1, at: at1 })).toBe(true)
    expect(await change({ status: 'in-progress', sid: 'exotel-sid' })).toBe(true)
    const reason = { code: 'no_news', message: 'Exotel says nothing.' }
    expect(await change({ status: 'failed', reason, durationSeconds: 7 })).toBe(true)
    expect(await load()).toMatchObject({
      status: 'failed',
      fence: 1,
      sid: 'exotel-sid',
      dialingAt: at1,
      dialedAt: expect.any(Date) as Date,
      answeredAt: expect.any(Date) as Date,
      endedAt: expect.any(Date) as Date,
      durationSeconds: 7,
      reasonCode: 'no_news',
      reasonMessage: reason.message,
    })
    expect(await statusEvents()).toEqual([
      { status: 'queued', previous: null },
      { status: 'dialing', previous: 'queued' },
      { status: 'in-progress', previous: 'dialing' },
      { status: 'failed', previous: 'in-progress', reason },
    ])
  })

  test('does nothing when ranks forbid it', async () => {
    await change({ status: 'completed' })
    const before = await load()
    for (const status of ['ringing', 'failed', 'queued'] satisfies CallStatus[]) {
      expect(await change({ status, sid: 'other' })).toBe(false)
    }
    expect(await load()).toEqual(before)
    expect(await statusEvents()).toHaveLength(2)
  })

  test('brings the given row up to date, so that two changes in one work follow', async () => {
    await at.ledger.transact(at.tenantId, callId, async (w) => {
      const call = await loadCall(w.tx, callId)
      if (call === null) throw new Error('no call')
      expect(await changeStatus(w, call, { status: 'ringing' })).toBe(true)
      expect(await changeStatus(w, call, { status: 'ringing' })).toBe(false)
      expect(await changeStatus(w, call, { status: 'completed' })).toBe(true)
    })
    expect(await statusEvents()).toMatchObject([
      {},
      { previous: 'queued' },
      { status: 'completed', previous: 'ringing' },
    ])
  })

  test('of two writers at once the higher wins, and neither is written twice', async () => {
    const wanted: CallStatus[] = ['ringing', 'in-progress', 'completed', 'ringing', 'busy']
    await Promise.all(
      [...wanted, ...wanted].map((status, index) =>
        change({ status }, index % 2 === 0 ? at.ledger : ingest),
      ),
    )
    const events = await statusEvents()
    const last = events.at(-1)
    expect(['completed', 'busy']).toContain((await load()).status)
    expect(last).toMatchObject({ status: (await load()).status })
    const chain = events.map((data) => (data !== null && 'status' in data ? data.status : ''))
    expect(new Set(chain).size).toBe(chain.length)
    events.forEach((data, index) => {
      if (index > 0) expect(data).toMatchObject({ previous: chain[index - 1] })
    })
  })

  test('refuses a row that was read before the lock', async () => {
    const stale = await load()
    await change({ status: 'dialing' })
    const attempt = at.ledger.transact(at.tenantId, callId, (w) =>
      changeStatus(w, stale, { status: 'ringing' }),
    )
    await expect(attempt).rejects.toMatchObject({ code: 'stale_call' })
  })

  test('takes a dial back, reopens what was never placed, and says why it waits', async () => {
    const paused = { code: 'paused', message: 'Dialing is paused.' }
    expect(await change({ status: 'queued', exception: 'annotate', reason: paused })).toBe(true)
    expect(await change({ status: 'queued', exception: 'annotate', reason: paused })).toBe(false)
    await change({ status: 'dialing' })
    expect(await load()).toMatchObject({ reasonCode: null })
    expect(await change({ status: 'queued', exception: 'requeue', attempt: 2 })).toBe(true)
    expect(await load()).toMatchObject({ status: 'queued', attempt: 2, dialingAt: null })
    const reason = { code: 'not_placed', message: 'Exotel has no such call.' }
    await change({ status: 'failed', reason })
    expect(await change({ status: 'ringing' })).toBe(false)
    expect(await change({ status: 'ringing', exception: 'reopen' })).toBe(true)
    expect(await load()).toMatchObject({ status: 'ringing', endedAt: null, reasonCode: null })
  })
})

describe('writeReceiptIfDone', () => {
  const write = (nowMs = Date.now()) =>
    at.ledger.transact(at.tenantId, callId, (w) => writeReceiptIfDone(w, nowMs))

  async function receipts() {
    const events = await at.ledger.read(at.tenantId, callId, { after: 0, limit: 99 })
    return events.filter(({ type }) => type === 'call.receipt')
  }

  test('waits for status, media and words, then writes once', async () => {
    const streamId = idOf('stream')
    expect(await write()).toBe(false)
    await change({ status: 'in-progress' }, ingest)
    const { tenantId } = at
    await ingest.transact(tenantId, callId, async (w) => {
      const salt = 'A'.repeat(22)
      const stream = { id: streamId, callId, streamSid: 's', sampleRate: 8000, keySalt: salt }
      await w.tx.insert(mediaStreams).values({ tenantId, ...stream })
      await w.tx.insert(transcriptions).values({ tenantId, callId })
    })
    await change({ status: 'completed' })
    expect(await write()).toBe(false)
    await ingest.transact(tenantId, callId, async (w) => {
      await w.tx
        .update(mediaStreams)
        .set({ endedAt: new Date() })
        .where(eq(mediaStreams.id, streamId))
      await w.append({
        type: 'stream.ended',
        data: { frames: 3, audioMs: 60, duplicated: 0, rewound: 0, gaps: [], reason: 'stop' },
      })
    })
    expect(await write()).toBe(false)
    await ingest.transact(tenantId, callId, (w) =>
      w.tx.update(transcriptions).set({ state: 'done' }),
    )
    expect(await Promise.all([write(), write()])).toEqual(expect.arrayContaining([true, false]))
    const [receipt] = await receipts()
    const events = await at.ledger.read(tenantId, callId, { after: 0, limit: 99 })
    expect(receipt).toMatchObject({
      seq: 6,
      data: { revision: 1, events: 5, frames: 3, audioMs: 60, hash: events[4]?.hash },
    })
    expect(events[4]).toMatchObject({ type: 'call.talk', data: { speakers: [] } })
  })

  test('closes a later fact with the next revision', async () => {
    await change({ status: 'canceled' })
    expect(await write()).toBe(true)
    expect(await write()).toBe(false)
    await at.ledger.transact(at.tenantId, callId, (w) =>
      w.append({ type: 'alert', data: { code: 'late', severity: 'warn', message: 'Late.' } }),
    )
    expect(await write()).toBe(true)
    expect((await receipts()).map(({ data }) => data)).toMatchObject([
      { revision: 1, events: 2 },
      { revision: 2, events: 4 },
    ])
  })

  test('names what nobody heard of a call that outlived its media', async () => {
    const { tenantId } = at
    await change({ status: 'in-progress' }, ingest)
    await ingest.transact(tenantId, callId, async (w) => {
      const row = { id: idOf('stream'), callId, streamSid: 's', sampleRate: 8000 }
      const startedAt = new Date(Date.now() - 60_000)
      const clock = { startedAt, endedAt: new Date(), clockMs: 20_000 }
      const keySalt = 'A'.repeat(22)
      await w.tx.insert(mediaStreams).values({ tenantId, keySalt, ...row, ...clock })
      await w.tx.insert(transcriptions).values({ tenantId, callId, state: 'done', ackedMs: 19_000 })
      const startedText = startedAt.toISOString()
      await w.append({
        type: 'stream.started',
        data: { streamSid: 's', sampleRate: 8000, startedAt: startedText },
      })
      await w.append({
        type: 'stream.ended',
        data: { frames: 3, audioMs: 60, duplicated: 0, rewound: 0, gaps: [], reason: 'drain' },
      })
    })
    await change({ status: 'completed' })
    expect(await write()).toBe(true)
    const events = await at.ledger.read(tenantId, callId, { after: 0, limit: 99 })
    expect(events.slice(-3).map(({ type }) => type)).toEqual([
      'transcript.gap',
      'call.talk',
      'call.receipt',
    ])
    const gap = events.at(-3)?.data as { fromMs: number; toMs: number }
    // A word that the break cut is in it.
    expect(gap).toMatchObject({ fromMs: 18_000, reason: 'stream_lost' })
    expect(gap.toMs).toBeGreaterThanOrEqual(60_000)
    expect(gap.toMs).toBeLessThan(120_000)
    const { fromMs, toMs } = gap
    expect(events.at(-1)?.data).toMatchObject({ gaps: [{ fromMs, toMs }] })
  })

  test('gives media that never came a minute', async () => {
    await change({ status: 'in-progress' })
    await change({ status: 'completed' })
    expect(await write()).toBe(false)
    expect(await write(Date.now() + 60_000)).toBe(true)
  })
})
