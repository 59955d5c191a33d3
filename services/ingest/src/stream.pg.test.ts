import { eventually } from '@callwire/testkit'
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

async function health() {
  const response = await fetch(`${ingest.http}/readyz`)
  return (await response.json()) as { streams: number; frames: number }
}

describe('a stream', () => {
  test('goes from the path token to sealed audio, byte for byte', async () => {
    await using heard = fixture.wakeUps()
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
    await eventually(() => heard.callIds.includes(call.callId))
    const [row] = await fixture.streamsOf(call.tenantId, call.callId)
    expect(row).toMatchObject({ frames: 52, audioMs: 1040, clockMs: 1040, clockStartMs: 0 })
    expect(row?.endedAt).not.toBeNull()
  })

  test('counts live sockets and frames where health and metrics are asked', async () => {
    const before = await eventually(async () => {
      const seen = await health()
      return seen.streams === 0 ? seen : null
    })
    const phone = await fixture.seedPhone()
    const call = await fixture.seedCall(phone)
    const client = await dial(`${ingest.url}/t/${call.pathToken}`)
    client.send(startText({}), ...mediaTexts(pcmOf(7)))
    const during = await eventually(async () => {
      const seen = await health()
      return seen.frames === before.frames + 7 ? seen : null
    })
    expect(during.streams).toBe(before.streams + 1)
    client.send(stopText())
    await client.closed
    await eventually(async () => (await health()).streams === before.streams)
    // Frames are counted there by the tick, not one by one.
    const metrics = await eventually(async () => {
      const text = await ingest.context.metrics.metrics.registry.metrics()
      return text.includes(`callwire_ingest_frames_total ${during.frames}\n`) ? text : null
    })
    expect(metrics).not.toContain(call.callId)
  })

  test('measures what is missing, repeated or new under an old number', async () => {
    const other = await fixture.start()
    const phone = await fixture.seedPhone()
    const call = await fixture.seedCall(phone)
    const client = await dial(`${other.url}/t/${call.pathToken}`)
    const texts = [...mediaTexts(pcmOf(5)), ...mediaTexts(pcmOf(5, 3), 10)]
    client.send(startText({}), ...texts, texts.at(-1) ?? '', ...mediaTexts(pcmOf(1, 9), 3))
    client.send(stopText())
    await client.closed
    const events = await fixture.eventsWith(call.tenantId, call.callId, 'stream.ended')
    expect(events.at(-1)?.data).toMatchObject({ duplicated: 1, rewound: 1 })
    const metrics = await other.context.metrics.metrics.registry.metrics()
    expect(metrics).toMatch(/^callwire_ingest_duplicated_total 1$/m)
    expect(metrics).toMatch(/^callwire_ingest_rewound_total 1$/m)
    // Three numbers of 20 ms each.
    expect(metrics).toMatch(/^callwire_ingest_gap_seconds_total 0\.06$/m)
    await other.stop()
  })
})
