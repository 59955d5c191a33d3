import { afterAll, beforeAll, expect, test } from 'vitest'
import { createFixture, type Fixture } from './testing/fixture.ts'
import { dial, mediaTexts, pcmOf, startText, stopText } from './testing/wire-client.ts'

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
