import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from '@callwire/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { eventsToReceipt, startConstellation, type Constellation } from './constellation.ts'
import { ofType } from './expected-words.ts'
import { everywhere } from './search/everywhere.ts'
import { createSearch } from './search/needles.ts'

const FRAME_BYTES = 320
/** More than a part, and a hole in the second one. */
const frames = Array.from({ length: 1_700 }, () => randomBytes(FRAME_BYTES))
const hole = { from: 1_600, frames: 25 }
const callSid = 'sid-of-a-recorded-call'

let system: Constellation
let phoneId: string
let authorization: string
beforeAll(async () => {
  system = await startConstellation()
  phoneId = await system.phoneWith({ name: 'Listener', kind: 'stream' })
  const { ingestCredentials } = await system.client.phones.createIngestCredentials(phoneId)
  authorization = `Basic ${btoa(`${ingestCredentials.key}:${ingestCredentials.token}`)}`
})
afterAll(() => system[Symbol.asyncDispose]())

/** As Exotel sends a call that came in, faster than it is spoken. Frames of the hole are missing. */
async function playCall(): Promise<void> {
  const socket = new WebSocket(`${system.socketUrl}/v1/ingest`, { headers: { authorization } })
  await once(socket, 'open')
  const media_format = { encoding: 'base64', sample_rate: '8000' }
  const start = { stream_sid: 'MZ1', call_sid: callSid, account_sid: 'acme1', media_format }
  socket.send(JSON.stringify({ event: 'start', stream_sid: 'MZ1', sequence_number: '1', start }))
  for (const [index, frame] of frames.entries()) {
    const missing = index < hole.from ? 0 : hole.frames
    const media = { chunk: String(index + 1 + missing), payload: frame.toString('base64') }
    const sequence_number = String(index + 2 + missing)
    socket.send(JSON.stringify({ event: 'media', stream_sid: 'MZ1', sequence_number, media }))
    // Below what is a flood.
    if (index % 100 === 99) await new Promise((resolve) => setTimeout(resolve, 250))
  }
  socket.send(JSON.stringify({ event: 'stop', stop: { reason: 'callended' } }))
  await once(socket, 'close')
}

const sound = () =>
  Buffer.concat([
    ...frames.slice(0, hole.from),
    Buffer.alloc(hole.frames * FRAME_BYTES),
    ...frames.slice(hole.from),
  ])

test('a call that is kept plays back as the very samples that came in, and nowhere lies a copy in clear', async () => {
  await system.cli('phones', 'set', phoneId, '--keep-recording', 'on')
  await playCall()
  const callId = await eventually(
    async () => (await system.client.calls.list({ sid: callSid })).calls[0]?.id,
    { boundMs: 20_000, what: 'the call' },
  )
  const events = await eventsToReceipt(system.client, callId)
  expect(ofType(events, 'stream.ended').map(({ data }) => data.gaps)).toEqual([
    [{ fromMs: 32_000, toMs: 32_500 }],
  ])
  expect(ofType(events, 'alert')).toEqual([])

  const { call } = await system.client.calls.get(callId)
  expect(call.recording).toEqual({
    state: 'kept',
    durationMs: 34_500,
    gaps: [{ fromMs: 32_000, toMs: 32_500 }],
  })
  const parts = readdirSync(join(system.dataDir, 'recordings'), { recursive: true })
  expect(parts.filter((name) => String(name).endsWith('.wav.sealed'))).toHaveLength(3)

  // Before anybody plays it: what was written while it was recorded.
  const needles = Object.fromEntries(
    [0, 400, 1_599, 1_699].map((at) => [`frame ${String(at)}`, frames[at] ?? Buffer.alloc(0)]),
  )
  const search = createSearch(needles)
  expect(search([{ name: 'itself', bytes: sound() }])).not.toEqual([])
  expect(search(await everywhere(system))).toEqual([])

  const out = join(system.dataDir, 'played.wav')
  const saved = await system.runCli([
    'calls',
    'recording',
    callId,
    '--purpose',
    'a test',
    '--out',
    out,
  ])
  expect([saved.code, saved.stderr]).toEqual([0, ''])
  const wav = readFileSync(out)
  expect(wav.toString('latin1', 0, 4)).toBe('RIFF')
  expect([wav.readUInt32LE(24), wav.readUInt32LE(40)]).toEqual([8_000, sound().length])
  expect(wav.subarray(44).equals(sound())).toBe(true)

  const range = { from: 44 + 100 * FRAME_BYTES, to: 44 + 101 * FRAME_BYTES }
  const { body, totalBytes } = await system.client.calls.recording(callId, 'a test', { range })
  const piece = Buffer.from(await new Response(body).arrayBuffer())
  expect(piece.equals(frames[100] ?? Buffer.alloc(0))).toBe(true)
  expect(totalBytes).toBe(wav.length)

  const answer = await fetch(`${system.gatewayUrl}/api/v1/audit?limit=100`, {
    headers: { authorization: `Bearer ${system.apiKey}` },
  })
  expect((await answer.text()).match(/"recording\.played"/g)).toHaveLength(2)
})
