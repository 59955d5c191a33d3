import { systemClock, systemRandom, type Logger } from '@callwire/runtime'
import { expect, test } from 'vitest'
import { createEventQueue } from './event-queue.ts'
import type { ProviderEvent, SpeechConnection, SpeechProvider } from './provider.ts'
import { createSpeechSession } from './session.ts'
import type { SpeechEvent } from './speech-event.ts'

const quiet = { warn: () => undefined } as unknown as Logger

/** A vendor whose every connection is scripted: it keeps what it heard and says what it is told to. */
function scripted(
  id: string,
  connections: ((heard: Buffer[], say: (event: ProviderEvent) => void) => void)[],
) {
  const heard: Buffer[][] = []
  /** Before which of its blocks a connection was told that sound is missing. */
  const missedAt: number[][] = []
  const provider: SpeechProvider = {
    id,
    capabilities: {
      interim: true,
      words: false,
      diarization: false,
      reportsLoss: false,
      sampleRates: [8_000],
      maxReplaySpeed: Number.POSITIVE_INFINITY,
    },
    open() {
      const events = createEventQueue<ProviderEvent>()
      const own: Buffer[] = []
      const missed: number[] = []
      missedAt.push(missed)
      const react = connections[heard.length] ?? (() => undefined)
      heard.push(own)
      const connection: SpeechConnection = {
        ready: () => Promise.resolve(),
        missed: () => missed.push(own.length),
        write(pcm) {
          own.push(pcm)
          react(own, (event) => events.push(event))
          return true
        },
        end: () => events.close(),
        abort: () => events.close(),
        [Symbol.asyncIterator]: () => events[Symbol.asyncIterator](),
      }
      return connection
    },
  }
  return { provider, heard, missedAt }
}

const block = (value: number) => Buffer.alloc(1_600, value)
const open = (providers: SpeechProvider[]) =>
  createSpeechSession({
    providers,
    sampleRate: 8_000,
    clock: systemClock,
    random: systemRandom,
    log: quiet,
  })

async function speak(session: ReturnType<typeof open>, blocks: number): Promise<SpeechEvent[]> {
  for (let i = 0; i < blocks; i += 1) session.write(block(i + 1), i * 100)
  session.end()
  return Array.fromAsync(session)
}

test('a connection that fails is followed by one that hears everything again', async () => {
  const { provider, heard } = scripted('flaky', [
    (own, say) => {
      if (own.length === 2) say({ type: 'error', kind: 'network', retryable: true })
    },
    (own, say) => {
      if (own.length === 4)
        say({ type: 'final', segment: 's', text: 'hello', startMs: 0, endMs: 400 })
    },
  ])
  const events = await speak(open([provider]), 4)
  expect(heard).toHaveLength(2)
  expect(heard[1]?.map((pcm) => pcm[0])).toEqual([1, 2, 3, 4])
  expect(events.map((event) => event.type)).toEqual(['final'])
})

test('a provider that refuses is followed by the next one at once', async () => {
  const first = scripted('refusing', [
    (_own, say) => say({ type: 'error', kind: 'auth', retryable: false }),
  ])
  const second = scripted('willing', [
    (own, say) => {
      if (own.length === 3)
        say({ type: 'final', segment: 's', text: 'hi', startMs: 100, endMs: 300 })
    },
  ])
  const events = await speak(open([first.provider, second.provider]), 3)
  expect(first.heard).toHaveLength(1)
  expect(events).toMatchObject([{ type: 'final', provider: 'willing', text: 'hi' }])
})

test('without any provider the whole call is named as lost', async () => {
  expect(await speak(open([]), 5)).toEqual([
    { type: 'lost', startMs: 0, endMs: 500, reason: 'no_provider' },
  ])
})

test('when every provider has refused, what was not final is named as lost', async () => {
  const { provider } = scripted('half', [
    (own, say) => {
      if (own.length === 2) say({ type: 'final', segment: 's', text: 'a', startMs: 0, endMs: 200 })
      if (own.length === 3) say({ type: 'error', kind: 'quota', retryable: false })
    },
  ])
  const events = await speak(open([provider]), 5)
  expect(events.at(-1)).toEqual({
    type: 'lost',
    startMs: 200,
    endMs: 500,
    reason: 'provider_failed',
  })
})

test('a vendor is told where sound is missing, each connection anew', async () => {
  const { provider, missedAt } = scripted('one', [
    (heard, say) => {
      if (heard.length === 3) say({ type: 'error', kind: 'network', retryable: true })
    },
  ])
  const session = open([provider])
  session.hole({ fromMs: 0, toMs: 500, reason: 'audio_missing' })
  session.write(block(1), 500)
  session.write(block(2), 600)
  session.hole({ fromMs: 700, toMs: 900, reason: 'audio_missing' })
  session.write(block(3), 900)
  session.end()
  await Array.fromAsync(session)
  expect(missedAt).toEqual([
    [0, 2],
    [0, 2],
  ])
})
