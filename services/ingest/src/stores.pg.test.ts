import { changeStatus, loadCall } from '@callwire/ledger'
import { eventually, tcpProxy } from '@callwire/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  createFixture,
  type Fixture,
  type SeededCall,
  type SeededPhone,
} from './testing/fixture.ts'
import { processEnvironment, startProcess } from './testing/process.ts'
import {
  basic,
  dial,
  FRAME_BYTES,
  mediaTexts,
  pcmOf,
  startText,
  stopText,
  type WireClient,
} from './testing/wire-client.ts'

let fixture: Fixture
let phone: SeededPhone
beforeAll(async () => {
  fixture = await createFixture()
  phone = await fixture.seedPhone()
})
afterAll(() => fixture[Symbol.asyncDispose]())

async function audioOf({ tenantId, callId }: SeededCall) {
  const entries = await fixture.entries(tenantId, callId)
  return entries.flatMap((entry) => (entry.kind === 'audio' ? [entry] : []))
}

/** How many bytes of audio are in Redis: how many blocks they came in is the machine's affair. */
async function bytesOf(call: SeededCall): Promise<number> {
  return (await audioOf(call)).reduce((sum, { pcm }) => sum + pcm.length, 0)
}

/** Sends `pcm` from frame `from` on in real time, as a call does, while `meanwhile` runs. */
async function talk(client: WireClient, pcm: Buffer, meanwhile: () => Promise<void>) {
  const texts = mediaTexts(pcm)
  const began = performance.now()
  let sent = 0
  const timer = setInterval(() => {
    const due = Math.floor((performance.now() - began) / 20)
    while (sent < due && sent < texts.length) client.send(texts[sent++] ?? '')
  }, 20)
  try {
    await meanwhile()
    await eventually(() => sent >= texts.length, { boundMs: 20_000 })
  } finally {
    clearInterval(timer)
  }
}

describe('Redis', () => {
  test('killed and back in mid-call costs no audio', async () => {
    const ingest = await fixture.start()
    const call = await fixture.seedCall(phone)
    const client = await dial(`${ingest.url}/t/${call.pathToken}`)
    const pcm = pcmOf(200)
    client.send(startText({}))
    await talk(client, pcm, async () => {
      await eventually(async () => (await audioOf(call)).length >= 5)
      await fixture.redis.kill()
      await new Promise((resolve) => setTimeout(resolve, 700))
      await fixture.redis.restart()
    })
    client.send(stopText())
    const events = await fixture.eventsWith(call.tenantId, call.callId, 'stream.ended')
    expect(events.at(-1)?.data).toMatchObject({ frames: 200, audioMs: 4_000, gaps: [] })
    const byIndex = new Map((await audioOf(call)).map((entry) => [entry.index, entry.pcm]))
    const heard = [...byIndex].sort(([a], [b]) => a - b).map(([, bytes]) => bytes)
    expect(Buffer.concat(heard).equals(pcm)).toBe(true)
  })

  test('come back empty gets the last audio and a wake-up again', async () => {
    const ingest = await fixture.start()
    const call = await fixture.seedCall(phone)
    const client = await dial(`${ingest.url}/t/${call.pathToken}`)
    const pcm = pcmOf(50)
    client.send(startText({}), ...mediaTexts(pcm))
    await eventually(async () => (await bytesOf(call)) === pcm.length)
    await fixture.redis.flush()
    await eventually(async () => (await bytesOf(call)) >= pcm.length)
    client.send(stopText())
    await fixture.eventsWith(call.tenantId, call.callId, 'stream.ended')
    // A block may come twice after such a loss, and is the same then: readers tell by its index.
    const heard = new Map((await audioOf(call)).map((entry) => [entry.index, entry.pcm]))
    const inOrder = [...heard].sort(([one], [other]) => one - other).map(([, block]) => block)
    expect(Buffer.concat(inOrder).equals(pcm)).toBe(true)
  })
})

test('Postgres away in mid-call: audio goes on, facts follow, new sockets get 503', async () => {
  await using proxy = await tcpProxy({ target: fixture.config.databaseUrl })
  const ingest = await fixture.start({ databaseUrl: proxy.through(fixture.config.databaseUrl) })
  const call = await fixture.seedCall(phone)
  const client = await dial(`${ingest.url}/t/${call.pathToken}`)
  client.send(startText({}), ...mediaTexts(pcmOf(10)))
  await fixture.eventsWith(call.tenantId, call.callId, 'stream.started')
  proxy.refuse()
  client.send(...mediaTexts(pcmOf(10, 3), 12), stopText())
  expect(await client.closed).toEqual({ code: 1000, reason: 'stop' })
  const next = await fixture.seedCall(phone)
  await expect(dial(`${ingest.url}/t/${next.pathToken}`)).rejects.toThrow('refused 503')
  await eventually(async () => (await bytesOf(call)) === 20 * FRAME_BYTES)
  proxy.resume()
  const events = await fixture.eventsWith(call.tenantId, call.callId, 'stream.ended')
  expect(events.at(-1)?.data).toMatchObject({ frames: 20, audioMs: 400 })
})

test('a call that is cancelled has its socket closed', async () => {
  const ingest = await fixture.start()
  const call = await fixture.seedCall(phone)
  const client = await dial(`${ingest.url}/t/${call.pathToken}`)
  client.send(startText({}), ...mediaTexts(pcmOf(5)))
  await fixture.eventsWith(call.tenantId, call.callId, 'stream.started')
  await fixture.ledger.transact(call.tenantId, call.callId, async (work) => {
    const row = await loadCall(work.tx, call.callId)
    if (row !== null) await changeStatus(work, row, { status: 'canceled' })
  })
  expect(await client.closed).toEqual({ code: 1000, reason: 'canceled' })
  await fixture.eventsWith(call.tenantId, call.callId, 'stream.ended')
})

test('after a process was killed a new socket goes on behind what it had handed over', async () => {
  const ingest = await fixture.start()
  await using dying = startProcess(processEnvironment(fixture))
  const call = await fixture.seedCall(phone, { sid: 'killed' })
  const headers = basic(phone.key, phone.token)
  const first = await dial(await dying.url(), headers)
  // Faster than a call: the clock is ahead of the wall's.
  first.send(startText({ callSid: 'killed' }), ...mediaTexts(pcmOf(500)))
  await eventually(async () => (await bytesOf(call)) === 500 * FRAME_BYTES)
  dying.signal('SIGKILL')
  await first.closed
  const second = await dial(ingest.url, headers)
  second.send(startText({ callSid: 'killed' }), ...mediaTexts(pcmOf(5)), stopText())
  await second.closed
  await fixture.eventsWith(call.tenantId, call.callId, 'stream.ended')
  const audio = await audioOf(call)
  const last = audio.at(-1)
  expect(last?.startMs).toBeGreaterThanOrEqual(10_000)
  expect(last?.index).toBe(0)
  expect(last?.pcm.length).toBe(5 * FRAME_BYTES)
})
