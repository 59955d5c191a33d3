import { afterAll, beforeAll, expect, test } from 'vitest'
import { createFixture, type Fixture } from './testing/fixture.ts'
import {
  dial,
  FRAME_BYTES,
  mediaText,
  mediaTexts,
  pcmOf,
  startText,
  stopText,
} from './testing/wire-client.ts'

let fixture: Fixture
beforeAll(async () => {
  fixture = await createFixture()
})
afterAll(() => fixture[Symbol.asyncDispose]())

test.each([700, 2_000])('%i frames that come at once arrive whole', async (frames) => {
  const ingest = await fixture.start()
  const call = await fixture.seedCall(await fixture.seedPhone())
  const client = await dial(`${ingest.url}/t/${call.pathToken}`)
  const pcm = pcmOf(frames)
  const texts = mediaTexts(pcm)
  client.send(startText({}), ...texts.slice(0, 5))
  await fixture.eventsWith(call.tenantId, call.callId, 'stream.started')
  client.send(...texts.slice(5), stopText())
  const events = await fixture.eventsWith(call.tenantId, call.callId, 'stream.ended')
  expect(events.at(-1)?.data).toMatchObject({ frames, audioMs: frames * 20, gaps: [] })
  const entries = await fixture.entries(call.tenantId, call.callId)
  const audio = entries.flatMap((entry) => (entry.kind === 'audio' ? [entry.pcm] : []))
  expect(Buffer.concat(audio).equals(pcm)).toBe(true)
  await ingest.stop()
})

test('numbers that jump for ever are an hour of gaps at most, and rewound from there', async () => {
  const ingest = await fixture.start()
  const call = await fixture.seedCall(await fixture.seedPhone())
  const client = await dial(`${ingest.url}/t/${call.pathToken}`)
  const frame = pcmOf(1).subarray(0, FRAME_BYTES)
  const hourLater = 60 * 60 * 50
  const texts = Array.from({ length: 620 }, (_, i) => mediaText(2 + i * hourLater, frame))
  client.send(startText({}), ...texts, stopText())
  const events = await fixture.eventsWith(call.tenantId, call.callId, 'stream.ended')
  expect(events.at(-1)?.data).toMatchObject({
    ...{ frames: 620, audioMs: 12_400, rewound: 618 },
    gaps: [{ fromMs: 20, toMs: 60 * 60_000 }],
  })
  await ingest.stop()
})
