import { mediaStreams, transcriptions, DbError } from '@callwire/db'
import { ID_RANDOM_BYTES, newId } from '@callwire/contracts'
import type { Ledger } from '@callwire/ledger'
import { systemRandom } from '@callwire/runtime'
import { eventually } from '@callwire/testkit'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  createFixture,
  type Fixture,
  type SeededCall,
  type SeededPhone,
} from './testing/fixture.ts'
import { basic, dial, mediaTexts, pcmOf, startText, stopText } from './testing/wire-client.ts'

let fixture: Fixture
let phone: SeededPhone
beforeAll(async () => {
  fixture = await createFixture()
})
beforeEach(async () => {
  phone = await fixture.seedPhone()
})
afterAll(() => fixture[Symbol.asyncDispose]())

async function endsOf({ tenantId, callId }: SeededCall, count: number) {
  const events = await fixture.eventsWith(tenantId, callId, 'stream.ended', count)
  return events.flatMap((event) => (event.type === 'stream.ended' ? [event.data] : []))
}

describe('a commit whose answer is lost', () => {
  /** Does the next piece of work, and says that it could not be done. */
  function losing() {
    let isNext = false
    const lose = async <T>(work: Promise<T>): Promise<T> => {
      const done = await work
      if (!isNext) return done
      isNext = false
      throw new DbError({ code: 'unavailable' })
    }
    const wrap = (ledger: Ledger): Ledger => ({
      ...ledger,
      transact: (tenantId, callId, work) => lose(ledger.transact(tenantId, callId, work)),
      open: (tenantId, callId, work) => lose(ledger.open(tenantId, callId, work)),
    })
    return { wrap, loseNext: () => (isNext = true) }
  }

  test('does not cost a call the socket that burnt its token', async () => {
    const { wrap, loseNext } = losing()
    const ingest = await fixture.start({}, wrap)
    const call = await fixture.seedCall(phone)
    const client = await dial(`${ingest.url}/t/${call.pathToken}`)
    loseNext()
    client.send(startText({}), ...mediaTexts(pcmOf(5)))
    await fixture.eventsWith(call.tenantId, call.callId, 'stream.started')
    client.send(stopText())
    expect(await client.closed).toEqual({ code: 1000, reason: 'stop' })
    expect(await endsOf(call, 1)).toMatchObject([{ frames: 5, gaps: [] }])
    expect(await fixture.streamsOf(call.tenantId, call.callId)).toHaveLength(1)
    expect((await fixture.callRow(call.tenantId, call.callId))?.status).toBe('in-progress')
  })

  test('makes one inbound call of one socket', async () => {
    const { wrap, loseNext } = losing()
    const ingest = await fixture.start({}, wrap)
    const client = await dial(ingest.url, basic(phone.key, phone.token))
    loseNext()
    client.send(startText({ callSid: 'lost-reply' }), ...mediaTexts(pcmOf(5)))
    const [call] = await eventually(async () => {
      const calls = await fixture.callsOf(phone.tenantId)
      return calls.length > 0 ? calls : null
    })
    await fixture.eventsWith(phone.tenantId, call?.id ?? '', 'stream.started')
    client.send(stopText())
    expect(await client.closed).toEqual({ code: 1000, reason: 'stop' })
    await fixture.eventsWith(phone.tenantId, call?.id ?? '', 'stream.ended')
    expect(await fixture.callsOf(phone.tenantId)).toHaveLength(1)
    expect(await fixture.streamsOf(phone.tenantId, call?.id ?? '')).toHaveLength(1)
  })
})

describe('a further socket of a call', () => {
  test('goes on with its clock after a stop, as after the hour that Exotel gives a stream', async () => {
    const ingest = await fixture.start()
    const call = await fixture.seedCall(phone, { sid: 'long' })
    const asPhone = basic(phone.key, phone.token)
    const first = await dial(ingest.url, asPhone)
    first.send(startText({ callSid: 'long' }), ...mediaTexts(pcmOf(10)), stopText('stopped'))
    expect(await first.closed).toEqual({ code: 1000, reason: 'stop' })
    expect(await endsOf(call, 1)).toMatchObject([{ frames: 10, audioMs: 200, reason: 'stopped' }])
    await new Promise((resolve) => setTimeout(resolve, 400))
    const second = await dial(ingest.url, asPhone)
    second.send(startText({ callSid: 'long' }), ...mediaTexts(pcmOf(5, 9)), stopText())
    expect(await second.closed).toEqual({ code: 1000, reason: 'stop' })
    const ends = await endsOf(call, 2)
    const rows = await fixture.streamsOf(call.tenantId, call.callId)
    const [one, two] = rows.toSorted((a, b) => (a.id < b.id ? -1 : 1))
    const apartMs = (two?.startedAt?.getTime() ?? 0) - (one?.startedAt?.getTime() ?? 0)
    expect(apartMs).toBeGreaterThanOrEqual(400)
    expect(ends[1]).toMatchObject({ frames: 5, gaps: [{ fromMs: 200, toMs: apartMs }] })
    expect(two).toMatchObject({ clockStartMs: apartMs, clockMs: apartMs + 100 })
    const entries = await fixture.entries(call.tenantId, call.callId)
    const audio = entries.flatMap((entry) => (entry.kind === 'audio' ? [entry.startMs] : []))
    expect(audio).toEqual([0, 100, apartMs])
  })

  test('begins behind what was heard of one whose process died, also when Redis has none of it', async () => {
    const ingest = await fixture.start()
    const call = await fixture.seedCall(phone, { sid: 'dead' })
    const { tenantId, callId } = call
    const startedAt = new Date(Date.now() - 3_000)
    const rows = await fixture.connect('ingest')
    const id = newId('stream', {
      nowMs: startedAt.getTime(),
      random: systemRandom(ID_RANDOM_BYTES),
    })
    await rows.withTenant(tenantId, async (tx) => {
      const row = { tenantId, id, callId, streamSid: 's', sampleRate: 8000, startedAt }
      await tx.insert(mediaStreams).values({ ...row, keySalt: 'A'.repeat(22), clockMs: 1_000 })
      // Faster than a call, so that the clock is ahead of the wall's.
      await tx.insert(transcriptions).values({ tenantId, callId, ackedMs: 60_000 })
    })
    const client = await dial(ingest.url, basic(phone.key, phone.token))
    client.send(startText({ callSid: 'dead' }), ...mediaTexts(pcmOf(5)), stopText())
    await client.closed
    expect(await endsOf(call, 1)).toMatchObject([{ frames: 5, gaps: [] }])
    const entries = await fixture.entries(tenantId, callId)
    expect(entries[0]).toMatchObject({ kind: 'audio', startMs: 60_000 })
  })
})
