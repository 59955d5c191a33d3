import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventsToReceipt, startConstellation, type Constellation } from './constellation.ts'
import { missingWords, ofType } from './expected-words.ts'

let system: Constellation
let phoneId: string
beforeAll(async () => {
  system = await startConstellation()
  phoneId = await system.phoneWith({ name: 'Listener', kind: 'stream' })
})
afterAll(() => system[Symbol.asyncDispose]())

let person = 9_876_600_000

// Frames are damaged after the simulator has made them, under message numbers that look sound: only the
// samples themselves can tell.
test.each([
  ['frame_altered', 'audio_altered'],
  ['frame_dropped', 'audio_missing'],
  ['frame_doubled', 'audio_doubled'],
  ['frame_swapped', 'audio_swapped'],
])('one %s on the way is reported as %s, over whole words', async (kind, reason) => {
  const script = await system.simulator.script('short')
  // In the middle of the second utterance.
  const spoken = script[1]
  const victim = Math.floor(((spoken?.startMs ?? 0) + (spoken?.endMs ?? 0)) / 2 / 20)
  await system.simulator.fault(kind, { index: victim })
  const { call } = await system.client.calls.place({ phoneId, to: `+91${String((person += 1))}` })
  const events = await eventsToReceipt(system.client, call.id)

  const gaps = ofType(events, 'transcript.gap').map(({ data }) => data)
  expect(gaps.map((gap) => gap.reason)).toContain(reason)
  expect(missingWords(script, events).length).toBeGreaterThan(0)
  const { receipt } = await system.client.calls.receipt(call.id)
  expect(receipt?.gaps.length).toBeGreaterThan(0)
  // The first utterance came before the damage and is untouched.
  expect(ofType(events, 'transcript.final')[0]?.data.text).toBe(script[0]?.text)
})

test('a message sent twice is dropped and counted, and every word is there', async () => {
  const script = await system.simulator.script('short')
  await system.simulator.fault('frame_doubled', { index: 60, renumber: false })
  const { call } = await system.client.calls.place({ phoneId, to: `+91${String((person += 1))}` })
  const events = await eventsToReceipt(system.client, call.id)
  expect(missingWords(script, events)).toEqual([])
  expect((await system.client.calls.receipt(call.id)).receipt).toMatchObject({
    duplicated: 1,
    gaps: [],
  })
})
