import type { Ledger } from '@callwire/ledger'
import { manualClock } from '@callwire/testkit'
import { expect, test } from 'vitest'
import { createAcknowledger } from './acknowledge.ts'
import { publishWords } from './publish-words.ts'
import { createEventQueue } from './speech/event-queue.ts'
import type { SpeechEvent } from './speech/speech-event.ts'
import { claimFrom } from './testing/fake-stream.ts'
import { createWordsProgress } from './words-progress.ts'

const interim: SpeechEvent = {
  type: 'interim',
  provider: 'p',
  connection: 1,
  segment: 's',
  text: 'hello',
  startMs: 100,
  endMs: 400,
}
const lost = (startMs: number, endMs: number): SpeechEvent => ({
  type: 'lost',
  startMs,
  endMs,
  reason: 'audio_lost',
})

function publish() {
  const clock = manualClock()
  const events = createEventQueue<SpeechEvent>()
  const written: unknown[] = []
  const rung: unknown[] = []
  const held = { now: true }
  const row = { set: () => row, where: () => row, returning: () => Promise.resolve([{}]) }
  const ledger = {
    transact: async (
      _tenantId: string,
      _callId: string,
      perform: (work: unknown) => Promise<unknown>,
    ) =>
      perform({
        tx: { update: () => row },
        append: (fact: { data: unknown }) => {
          written.push(fact.data)
          return Promise.resolve()
        },
      }),
  } as unknown as Ledger
  const acknowledger = createAcknowledger({ ackedId: '0-0', ackedMs: 0 })
  const doorbell = {
    ringInterim: (...said: unknown[]) => {
      rung.push(said)
      return Promise.resolve()
    },
  }
  const done = publishWords(
    { ledger, doorbell, clock, metrics: { lost: () => undefined } },
    claimFrom(0),
    events,
    {
      progress: createWordsProgress(acknowledger.mark(), 0),
      onCommitted: () => undefined,
      isHeld: () => held.now,
      signal: new AbortController().signal,
    },
  )
  return { clock, events, written, rung, held, done }
}

test('words that come when the call may be another’s are said to nobody', async () => {
  const { events, rung, written, held, done, clock } = publish()
  events.push(interim)
  await clock.advance(0)
  expect(rung).toHaveLength(1)
  held.now = false
  events.push(interim, { ...interim, type: 'final' }, lost(0, 10))
  await expect(done).rejects.toMatchObject({ code: 'claim_lost' })
  expect(rung).toHaveLength(1)
  expect(written).toEqual([])
})

test('losses one after another are one gap, written soon also when nothing follows', async () => {
  const { clock, events, written, done } = publish()
  events.push(lost(100, 200), lost(200, 400))
  await clock.advance(900)
  expect(written).toEqual([])
  await clock.advance(200)
  expect(written).toEqual([{ fromMs: 100, toMs: 400, reason: 'audio_lost' }])
  events.push(lost(900, 950))
  events.close()
  await done
  expect(written).toHaveLength(2)
})

test('nor is a gap told that was waiting when the call was lost', async () => {
  const { clock, events, written, held, done } = publish()
  events.push(lost(100, 200))
  await clock.advance(500)
  held.now = false
  const refused = expect(done).rejects.toMatchObject({ code: 'claim_lost' })
  await clock.advance(600)
  await refused
  expect(written).toEqual([])
})
