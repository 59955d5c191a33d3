import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createFixture, type Fixture } from './testing/fixture.ts'
import {
  connectedText,
  dial,
  mediaTexts,
  pcmOf,
  startText,
  stopText,
} from './testing/wire-client.ts'

let fixture: Fixture
let ingest: Awaited<ReturnType<Fixture['start']>>
beforeAll(async () => {
  fixture = await createFixture()
  ingest = await fixture.start()
})
afterAll(() => fixture[Symbol.asyncDispose]())

describe('a stream', () => {
  test('goes from the path token to sealed audio, byte for byte', async () => {
    const phone = await fixture.seedPhone()
    const call = await fixture.seedCall(phone)
    const pcm = pcmOf(52)
    const client = await dial(`${ingest.url}/t/${call.pathToken}`)
    client.send(connectedText, startText({ callSid: 'Sid1' }), ...mediaTexts(pcm), stopText())
    expect(await client.closed).toEqual({ code: 1000, reason: 'stop' })

    const events = await fixture.eventsWith(call.tenantId, call.callId, 'stream.ended')
    expect(events.map((event) => event.type)).toEqual([
      'call.status',
      'call.status',
      'stream.started',
      'stream.ended',
    ])
    expect(events[1]?.data).toEqual({ status: 'in-progress', previous: 'dialing' })
    expect(events[3]?.data).toEqual({
      frames: 52,
      audioMs: 1040,
      duplicated: 0,
      rewound: 0,
      gaps: [],
      reason: 'callended',
    })
    const entries = await fixture.entries(call.tenantId, call.callId)
    const audio = entries.filter((entry) => entry.kind === 'audio')
    expect(audio.map((entry) => entry.index)).toEqual([...Array(11).keys()])
    expect(audio.map((entry) => entry.startMs)).toEqual([...Array(11).keys()].map((i) => i * 100))
    expect(Buffer.concat(audio.map((entry) => entry.pcm)).equals(pcm)).toBe(true)
    expect(entries.at(-1)).toMatchObject({ kind: 'end', atMs: 1040 })
  })
})
