import { systemClock, systemRandom, type Logger } from '@callwire/runtime'
import { expect, test } from 'vitest'
import { createAudioRing, RING_MS } from './audio-ring.ts'
import { createEventQueue } from './event-queue.ts'
import type { ProviderEvent, SpeechProvider } from './provider.ts'
import { createSpeechSession } from './session.ts'

const quiet = { warn: () => undefined } as unknown as Logger
const block = Buffer.alloc(1_600)

/** A vendor that takes audio once `ready` resolves, and says nothing. */
function silent(ready: Promise<void>) {
  const taken: Buffer[] = []
  const provider: SpeechProvider = {
    id: 'silent',
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
      return {
        ready: () => ready,
        write: (pcm) => taken.push(pcm) > 0,
        end: () => events.close(),
        abort: () => events.close(),
        [Symbol.asyncIterator]: () => events[Symbol.asyncIterator](),
      }
    },
  }
  return { provider, taken }
}

const sessionOf = (providers: SpeechProvider[]) =>
  createSpeechSession({
    providers,
    sampleRate: 8_000,
    clock: systemClock,
    random: systemRandom,
    log: quiet,
  })
const never = new AbortController().signal
const turn = () => new Promise((resolve) => setImmediate(resolve))

test('an hour of sound without a word keeps no more than the last minute', () => {
  const ring = createAudioRing()
  for (let ms = 0; ms < 3_600_000; ms += 100) ring.push({ callMs: ms, durationMs: 100 }, block)
  expect((ring.next - ring.first) * 100).toBe(RING_MS)
  expect(ring.at(ring.first)?.callMs).toBe(3_600_000 - RING_MS)
  expect(ring.at(ring.first - 1)).toBeUndefined()
})

test('while no vendor takes audio there is soon no more room; once one does, all of it gets there', async () => {
  const ready = Promise.withResolvers<undefined>()
  const { provider, taken } = silent(ready.promise)
  const session = sessionOf([provider])
  let written = 0
  const writing = (async () => {
    for (; written < 2_000; written += 1) {
      await session.room(never)
      session.write(block, written * 100)
    }
  })()
  for (let i = 0; i < 50; i += 1) await turn()
  expect(written).toBeGreaterThan(100)
  expect(written).toBeLessThan(RING_MS / 100)
  ready.resolve(undefined)
  await writing
  session.end()
  await Array.fromAsync(session)
  expect(taken).toHaveLength(2_000)
})

test('who waits for room is let go when the call is given up', async () => {
  const { provider } = silent(new Promise(() => undefined))
  const session = sessionOf([provider])
  for (let i = 0; i < 400; i += 1) session.write(block, i * 100)
  const stop = new AbortController()
  const waiting = session.room(stop.signal)
  stop.abort()
  await waiting
  session.abort()
})

test('without anybody to ask, there is always room', async () => {
  const session = sessionOf([])
  for (let i = 0; i < 2_000; i += 1) {
    await session.room(never)
    session.write(block, i * 100)
  }
  session.end()
  expect(await Array.fromAsync(session)).toEqual([
    { type: 'lost', startMs: 0, endMs: 200_000, reason: 'no_provider' },
  ])
})

test('a vendor that says goodbye in mid-call is asked again, with what was not final', async () => {
  const { provider, taken } = silent(Promise.resolve())
  let opened = 0
  const session = sessionOf([
    {
      ...provider,
      open(options) {
        opened += 1
        const connection = provider.open(options)
        if (opened === 1) setImmediate(() => connection.abort())
        return connection
      },
    },
  ])
  for (let i = 0; i < 5; i += 1) session.write(block, i * 100)
  while (opened < 2 || taken.length < 10) await turn()
  session.end()
  await Array.fromAsync(session)
  expect(taken).toHaveLength(10)
})

test('a vendor whose adapter cannot even open is a failed one', async () => {
  const { provider } = silent(Promise.resolve())
  const session = sessionOf([
    {
      ...provider,
      open: () => {
        throw new Error('no socket')
      },
    },
  ])
  session.write(block, 0)
  session.end()
  expect(await Array.fromAsync(session)).toEqual([
    { type: 'lost', startMs: 0, endMs: 100, reason: 'provider_failed' },
  ])
})
