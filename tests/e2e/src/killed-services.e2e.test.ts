import { eventually } from '@callwire/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  eventsToReceipt,
  killService,
  startConstellation,
  type Constellation,
  type Service,
} from './constellation.ts'
import { missingWords, ofType } from './expected-words.ts'
import { chainProblem } from './verify-chain.ts'

let system: Constellation
let phoneId: string
beforeAll(async () => {
  // A callback that finds the gateway gone is not repeated for long: the poller asks soon.
  system = await startConstellation({ CALL_POLL_AFTER_MS: '5000' })
  phoneId = await system.phoneWith({ name: 'Listener', kind: 'stream' })
})
afterAll(() => system[Symbol.asyncDispose]())

const fewWords = {
  name: 'few-words',
  title: 'Three sentences',
  speakers: [
    { name: 'agent', pitchHz: 205 },
    { name: 'customer', pitchHz: 122 },
  ],
  turns: [
    { speaker: 0, language: 'en-IN', text: 'Good morning.' },
    { speaker: 1, language: 'en-IN', text: 'Hello, can you bring the parcel tomorrow please?' },
    { speaker: 0, language: 'en-IN', text: 'Yes, we can.' },
  ],
}

let person = 9_876_700_000

/** Services through whose death the audio goes on; the others carry the socket itself. */
const keepsAudio: readonly Service[] = ['dialer', 'transcriber', 'copilot', 'courier']

test.each<Service>(['copilot', 'dialer', 'transcriber', 'courier', 'gateway', 'ingest'])(
  '%s, killed in mid-call, comes back, and the call ends with a receipt',
  async (service) => {
    const { client } = system
    const script = await system.simulator.script(fewWords)
    const { call } = await client.calls.place({ phoneId, to: `+91${String((person += 1))}` })
    await eventually(
      async () => {
        const { events } = await client.calls.events(call.id)
        return ofType(events, 'transcript.final').length >= 1
      },
      { boundMs: 60_000, what: 'the first final' },
    )
    const dead = killService(system, service)
    await eventually(
      () => system.runFile().pids[service] !== undefined && system.runFile().pids[service] !== dead,
      {
        boundMs: 30_000,
        what: `${service} again`,
      },
    )

    const events = await eventsToReceipt(client, call.id)
    expect(chainProblem(call.id, events)).toBeNull()
    expect(ofType(events, 'call.status').at(-1)?.data.status).toMatch(/^(completed|failed)$/)
    const missing = missingWords(script, events)
    if (keepsAudio.includes(service)) {
      expect(missing).toEqual([])
      expect(ofType(events, 'transcript.final')).toHaveLength(script.length)
    } else {
      // Exotel does not come back to a socket that was cut: what it did not send is nobody's to transcribe,
      // and what did arrive is there.
      expect(ofType(events, 'transcript.final').length).toBeGreaterThanOrEqual(1)
      expect(ofType(events, 'stream.ended')).toHaveLength(1)
    }
    const placed = (await system.simulator.placed()).filter((one) => one.customField === call.id)
    expect(placed).toHaveLength(1)
  },
)
