import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createDataKey, parseContentRing, sealObject, type DataKey } from '@callwire/crypto'
import { sealContexts } from '@callwire/keyring'
import { createRecordingStore, partKey, toWav, type RecordingStore } from '@callwire/recordings'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { changeRow, insertRow, rowsOf } from '../../testing/database-rows.ts'
import { fixturesOf } from '../../testing/fixtures.ts'
import {
  gatewayUnderTest,
  textAt,
  type GatewayUnderTest,
} from '../../testing/gateway-under-test.ts'

let gw: GatewayUnderTest
let directory: string
let store: RecordingStore
let blind: string
let recording: Recording
beforeAll(async () => {
  directory = join(mkdtempSync(join(tmpdir(), 'played-')), 'store')
  store = createRecordingStore({ kind: 'file', directory })
  gw = await gatewayUnderTest({ env: { RECORDINGS_URL: pathToFileURL(directory).href } })
  const key = await gw.send({
    method: 'POST',
    url: '/api/v1/api-keys',
    token: gw.tenant.apiKey,
    body: { name: 'without pii', scopes: ['calls:read', 'transcripts:read'] },
  })
  blind = textAt(key, 'apiKey.secret')
})
afterAll(async () => {
  await gw[Symbol.asyncDispose]()
  rmSync(join(directory, '..'), { recursive: true, force: true })
})

type Recording = { tenantId: string; callId: string; id: string; dataKey: DataKey; parts: string[] }

let counter = 0
/** A call of the tenant with the row of a recording, and no part yet. */
async function createRecording(): Promise<Recording> {
  counter += 1
  const { calls: callId } = await fixturesOf(gw, gw.tenant.apiKey)
  const { tenantId } = gw.tenant
  const id = `rec_${String(counter).padStart(24, '0')}`
  const ring = parseContentRing(gw.keys.CONTENT_KEYS)
  const { dataKey, wrapped } = createDataKey(ring, { tenantId, recordingId: id })
  await insertRow(gw.databaseUrl, 'recordings', {
    ...{ tenant_id: tenantId, id, call_id: callId, wrapped, recorded_ms: 0 },
  })
  return { tenantId, callId, id, dataKey, parts: [] }
}

const sound = (fromMs: number, toMs: number, sampleRate = 8_000) => {
  const pcm = Buffer.alloc(((toMs - fromMs) * sampleRate * 2) / 1_000)
  for (let at = 0; at < pcm.length; at += 2) pcm.writeInt16LE((fromMs * 8 + at) % 32_000, at)
  return pcm
}

async function addPart(to: Recording, fromMs: number, toMs: number, sampleRate = 8_000) {
  const { tenantId, callId, id } = to
  const key = partKey({ tenantId, callId, recordingId: id, fromMs, fence: 1 })
  const context = sealContexts.recordingPart(tenantId, id, { fromMs, toMs, sampleRate })
  const sealed = sealObject(to.dataKey, context, toWav(sound(fromMs, toMs, sampleRate), sampleRate))
  await store.put(key, sealed)
  await insertRow(gw.databaseUrl, 'recording_parts', {
    ...{ tenant_id: tenantId, recording_id: id, from_ms: fromMs, to_ms: toMs },
    ...{ sample_rate: sampleRate, object_key: key, bytes: sealed.length },
  })
  await changeRow(gw.databaseUrl, 'recordings', id, { recorded_ms: toMs })
  to.parts.push(key)
}

beforeEach(async () => {
  recording = await createRecording()
  await addPart(recording, 0, 30_000)
  await addPart(recording, 40_000, 41_500)
})

const urlOf = (callId: string, query = '?purpose=complaint+4711') =>
  `${gw.origin}/api/v1/calls/${callId}/recording${query}`
const play = (headers: Record<string, string> = {}, method = 'GET') =>
  fetch(urlOf(recording.callId), {
    method,
    headers: { authorization: `Bearer ${gw.tenant.apiKey}`, ...headers },
  })
const whole = () =>
  toWav(Buffer.concat([sound(0, 30_000), Buffer.alloc(10_000 * 16), sound(40_000, 41_500)]), 8_000)
const plays = async () =>
  (await rowsOf(gw.databaseUrl, 'audit_log')).filter(
    (row) => row['action'] === 'recording.played' && row['target_id'] === recording.callId,
  )
const codeOf = async (response: Response) => {
  const { error } = (await response.json()) as { error: { code: string } }
  return `${response.status} ${error.code}`
}

describe('a recording', () => {
  it('is played as one WAV on the call’s clock, holes and all, and the play is on record', async () => {
    const response = await play()
    expect(response.status).toBe(200)
    const body = Buffer.from(await response.arrayBuffer())
    expect(body.equals(whole())).toBe(true)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'audio/wav',
      'content-length': String(whole().length),
      'cache-control': 'no-store',
      'content-disposition': `attachment; filename="${recording.callId}.wav"`,
      'accept-ranges': 'bytes',
    })
    expect(await plays()).toMatchObject([
      {
        actor_kind: 'api_key',
        target_kind: 'call',
        details: { purpose: 'complaint 4711', recordingId: recording.id },
      },
    ])
  })

  it('is played in ranges, each an entry of its own', async () => {
    const all = whole()
    for (const [range, from, to] of [
      ['bytes=0-', 0, all.length],
      ['bytes=0-0', 0, 1],
      ['bytes=40-50', 40, 51],
      ['bytes=479000-490000', 479_000, 490_001],
      [`bytes=-100`, all.length - 100, all.length],
      ['bytes=650000-650999', 650_000, 651_000],
    ] as const) {
      const response = await play({ range })
      expect([range, response.status]).toEqual([range, 206])
      expect(response.headers.get('content-range')).toBe(`bytes ${from}-${to - 1}/${all.length}`)
      const body = Buffer.from(await response.arrayBuffer())
      expect(body.equals(all.subarray(from, to))).toBe(true)
    }
    expect(await plays()).toHaveLength(6)
    expect((await plays()).at(-1)).toMatchObject({
      details: { fromByte: 650_000, toByte: 650_999 },
    })
    const beyond = await play({ range: `bytes=${all.length}-` })
    expect(beyond.headers.get('content-range')).toBe(`bytes */${all.length}`)
    expect(await codeOf(beyond)).toBe('416 range_not_satisfiable')
    expect((await play({ range: 'bytes=0-9', 'if-range': '"old"' })).status).toBe(200)
  })

  it('tells its length without playing', async () => {
    const response = await play({}, 'HEAD')
    expect([response.status, response.headers.get('content-length')]).toEqual([
      200,
      String(whole().length),
    ])
    expect(await plays()).toEqual([])
  })

  it('is drawn to the rate it began with', async () => {
    await addPart(recording, 41_500, 42_000, 16_000)
    const body = Buffer.from(await (await play()).arrayBuffer())
    expect(body.readUInt32LE(24)).toBe(8_000)
    expect(body.length).toBe(44 + 42_000 * 16)
    expect(body.subarray(44, whole().length).equals(whole().subarray(44))).toBe(true)
  })

  it('asks for a purpose, and keeps no number of it', async () => {
    for (const query of [
      '',
      '?purpose=',
      '?purpose=ab',
      `?purpose=${'x'.repeat(201)}`,
      '?purpose=%20%20%20%20',
    ]) {
      const response = await fetch(urlOf(recording.callId, query), {
        headers: { authorization: `Bearer ${gw.tenant.apiKey}` },
      })
      expect([query, await codeOf(response)]).toEqual([query, '400 validation_failed'])
    }
    const response = await fetch(urlOf(recording.callId, '?purpose=asked+by+%2B919876543210'), {
      headers: { authorization: `Bearer ${gw.tenant.apiKey}` },
    })
    await response.arrayBuffer()
    expect(JSON.stringify(await plays())).not.toContain('9876543210')
    expect(await plays()).toHaveLength(1)
  })

  it('is for those who may read people’s data, of the tenant itself', async () => {
    const as = async (token: string) =>
      codeOf(
        await fetch(urlOf(recording.callId), { headers: { authorization: `Bearer ${token}` } }),
      )
    expect(await as(blind)).toBe('403 forbidden')
    expect(await as(gw.stranger.apiKey)).toBe('404 not_found')
    expect(await as('nobody')).toBe('401 unauthenticated')
    expect(await plays()).toEqual([])
  })

  it('that was never made, has no sound yet, or was erased', async () => {
    const { calls: callId } = await fixturesOf(gw, gw.tenant.apiKey)
    const bare = await createRecording()
    const headers = { authorization: `Bearer ${gw.tenant.apiKey}` }
    expect(await codeOf(await fetch(urlOf(callId), { headers }))).toBe('404 not_found')
    expect(await codeOf(await fetch(urlOf(bare.callId), { headers }))).toBe('404 not_found')
    await changeRow(gw.databaseUrl, 'recordings', recording.id, {
      wrapped: null,
      erased_at: new Date(),
    })
    expect(await codeOf(await play())).toBe('410 recording_erased')
    expect(await plays()).toEqual([])
  })

  it('is cut where a part was changed or is gone, and never plays what it should not', async () => {
    const [first = '', second = ''] = recording.parts
    const good = await store.get(second)
    const changed = Buffer.from(good)
    changed.writeUInt8(changed.readUInt8(1_000) ^ 1, 1_000)
    for (const spoil of [
      () => store.put(second, changed),
      () => store.remove(second),
      // Sound of the same recording, from another place.
      async () => store.put(second, await store.get(first)),
    ]) {
      await spoil()
      const response = await play()
      expect(response.status).toBe(200)
      const got: Buffer[] = []
      const reading = (async () => {
        for await (const chunk of response.body ?? []) got.push(Buffer.from(chunk as Uint8Array))
      })()
      await expect(reading).rejects.toThrow()
      const body = Buffer.concat(got)
      expect(body.equals(whole().subarray(0, body.length))).toBe(true)
      expect(body.length).toBeLessThan(44 + 40_000 * 16 + 1)
    }
    expect(gw.logs.text()).toContain('recording_integrity')
    await store.put(first, changed)
    expect(await codeOf(await play())).toBe('500 recording_integrity')
  })

  it('that is erased while it is played ends there, and nobody is called for it', async () => {
    // More than what lies between the store and a listener who waits.
    for (let from = 60_000; from < 1_260_000; from += 30_000) {
      await addPart(recording, from, from + 30_000)
    }
    const response = await play()
    const reader = response.body?.getReader()
    await reader?.read()
    await changeRow(gw.databaseUrl, 'recordings', recording.id, {
      ...{ wrapped: null, erased_at: new Date() },
    })
    for (const key of recording.parts) await store.remove(key)
    const reading = (async () => {
      for (;;) if ((await reader?.read())?.done !== false) return
    })()
    await expect(reading).rejects.toThrow()
    const lines = gw.logs.text().split('\n')
    const alerts = lines.filter((line) => line.includes('recording_integrity'))
    expect(alerts.filter((line) => line.includes(recording.callId))).toEqual([])
  })

  it('whose clock is longer than a WAV can be is said to be so', async () => {
    await addPart(recording, 75 * 3_600_000, 75 * 3_600_000 + 1_000)
    expect(await codeOf(await play({ range: 'bytes=0-100' }))).toBe('422 recording_too_long')
    expect((await play({}, 'HEAD')).status).toBe(422)
    expect(await plays()).toEqual([])
  })

  it('under a key that is another recording’s does not open', async () => {
    const other = await createRecording()
    const rows = await rowsOf(gw.databaseUrl, 'recordings')
    const wrapped = rows.find((row) => row['id'] === other.id)?.['wrapped']
    await changeRow(gw.databaseUrl, 'recordings', recording.id, { wrapped: String(wrapped) })
    expect(await codeOf(await play())).toBe('500 recording_integrity')
  })

  it('is on the page of its call', async () => {
    const answer = await gw.send({
      method: 'GET',
      url: `/api/v1/calls/${recording.callId}`,
      token: blind,
    })
    expect(answer.json).toMatchObject({
      data: {
        call: {
          recording: {
            state: 'recording',
            durationMs: 41_500,
            gaps: [{ fromMs: 30_000, toMs: 40_000 }],
          },
        },
      },
    })
  })
})
