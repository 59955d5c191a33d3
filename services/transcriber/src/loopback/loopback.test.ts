import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ProviderEvent } from '../speech/provider.ts'
import { loopbackProvider } from './provider.ts'
import { encodeCaptions, type SpokenUtterance } from './testing/encode-captions.ts'

/** Words of 400 ms, 100 ms apart: `start` is the first word's beginning. */
function utterance(
  speaker: number,
  language: string,
  text: string,
  start: number,
): SpokenUtterance {
  const words = text.split(' ').map((word, i) => ({
    text: word,
    startMs: start + i * 500,
    endMs: start + i * 500 + 400,
  }))
  return { speaker, language, words }
}

const conversation = [
  utterance(0, 'en-IN', 'hello is this Asha', 200),
  utterance(1, 'hi-IN', 'हाँ बोलिए मेरा नंबर 98765 43210 है', 2_600),
]
const frames = encodeCaptions(conversation, 330)

function listen(pcm: Buffer[], chunkBytes = 1_600): Promise<ProviderEvent[]> {
  const connection = loopbackProvider.open({ sampleRate: 8_000, languages: [] })
  const audio = Buffer.concat(pcm)
  for (let at = 0; at < audio.length; at += chunkBytes) {
    connection.write(audio.subarray(at, at + chunkBytes))
  }
  connection.end()
  return Array.fromAsync(connection)
}

const finals = (events: ProviderEvent[]) => events.filter((event) => event.type === 'final')
const losses = (events: ProviderEvent[]) => events.filter((event) => event.type === 'lost')
const spoken = conversation.map((one) => one.words.map((word) => word.text).join(' '))

/** Every word of the script is in a final, or inside a loss: never in neither, and never in both. */
function expectEveryWordAccountedFor(
  events: ProviderEvent[],
  onConnection: (ms: number) => number = (ms) => ms,
) {
  const said = finals(events).flatMap((event) => event.text.split(' '))
  const missing = conversation
    .flatMap((one) => one.words)
    .filter((word) => !said.includes(word.text))
  for (const word of missing) {
    const covered = losses(events).some(
      // The connection's clock runs behind the simulator's by what was dropped, ahead by what was doubled.
      (loss) =>
        loss.startMs <= onConnection(word.startMs) + 40 &&
        loss.endMs >= onConnection(word.endMs) - 40,
    )
    expect(covered, `"${word.text}" is neither said nor reported lost`).toBe(true)
  }
}

test('the words come back from the samples, with their times, speaker and language', async () => {
  const events = await listen(frames)
  expect(finals(events)).toEqual([
    {
      type: 'final',
      segment: '0',
      text: spoken[0],
      startMs: 200,
      endMs: 2_100,
      words: conversation[0]?.words,
      speaker: 'agent',
      language: 'en-IN',
    },
    {
      type: 'final',
      segment: '1',
      text: spoken[1],
      startMs: 2_600,
      endMs: 6_000,
      words: conversation[1]?.words,
      speaker: 'customer',
      language: 'hi-IN',
    },
  ])
  expect(losses(events)).toEqual([])
})

test('interims grow by a word at a time', async () => {
  const texts = (await listen(frames))
    .filter((event) => event.type === 'interim')
    .map((event) => event.text)
  expect(texts.slice(0, 4)).toEqual(['hello', 'hello is', 'hello is this', 'hello is this Asha'])
})

test('how the audio is cut into writes makes no difference', async () => {
  const whole = await listen(frames)
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 700 }), async (samples) => {
      expect(await listen(frames, samples * 2)).toEqual(whole)
    }),
    { numRuns: 20 },
  )
})

test('audio of another origin is silent', async () => {
  expect(await listen([Buffer.alloc(32_000), Buffer.alloc(32_000, 7)])).toEqual([])
})

describe('damage to a single frame is reported', () => {
  // A frame in the middle of "this" (1200–1600 ms).
  const victim = 70
  const swap = (list: Buffer[], at: number): Buffer[] => {
    const copy = [...list]
    const [one, other] = [copy[at], copy[at + 1]]
    if (one === undefined || other === undefined) return copy
    copy[at] = other
    copy[at + 1] = one
    return copy
  }
  const flip = (list: Buffer[], at: number): Buffer[] =>
    list.map((frame, i) => {
      if (i !== at) return frame
      const changed = Buffer.from(frame)
      // The top bits of one sample: no caption bit is touched, only the sound.
      changed[51] = (changed[51] ?? 0) ^ 0x10
      return changed
    })

  const damages = {
    audio_altered: flip,
    audio_missing: (list: Buffer[], at: number) => list.filter((_, i) => i !== at),
    audio_doubled: (list: Buffer[], at: number) =>
      list.flatMap((frame, i) => (i === at ? [frame, frame] : [frame])),
    audio_swapped: swap,
  }

  test.each(Object.entries(damages))(
    '%s: the word it falls in is lost, its neighbours are not',
    async (reason, damage) => {
      const events = await listen(damage(frames, victim))
      expect(finals(events)[0]?.text).toBe('hello is Asha')
      expect(finals(events)[1]?.text).toBe(spoken[1])
      expect(losses(events).map((loss) => loss.reason)).toContain(reason)
      expectEveryWordAccountedFor(events)
    },
  )

  test.each(Object.entries(damages))(
    '%s anywhere: every word is said or reported',
    async (reason, damage) => {
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 1, max: 328 }), async (at) => {
          const events = await listen(damage(frames, at))
          expectEveryWordAccountedFor(events)
          const speaking = conversation.some((one) =>
            one.words.some((word) => word.startMs < (at + 1) * 20 && word.endMs > at * 20),
          )
          if (speaking) expect(losses(events).map((loss) => loss.reason)).toContain(reason)
        }),
        { numRuns: 60 },
      )
    },
  )
})

test('a long cut is one loss over whole words', async () => {
  const events = await listen(frames.filter((_, i) => i < 60 || i >= 180))
  expectEveryWordAccountedFor(events, (ms) => (ms < 3_600 ? Math.min(ms, 1_200) : ms - 2_400))
  expect(losses(events).length).toBeGreaterThan(0)
})

test('bytes cut out of the middle of a frame do not end the hearing', async () => {
  const audio = Buffer.concat(frames)
  const cut = Buffer.concat([audio.subarray(0, 70 * 320 + 100), audio.subarray(70 * 320 + 260)])
  const events = await listen([cut])
  expect(finals(events)[1]?.text).toBe(spoken[1])
  expectEveryWordAccountedFor(events)
})

test('listening that begins behind a hole tells of the word that lost its beginning there', async () => {
  const words = conversation.flatMap((one) => one.words)
  for (const first of frames.keys()) {
    const connection = loopbackProvider.open({ sampleRate: 8_000, languages: [] })
    connection.missed?.()
    connection.write(Buffer.concat(frames.slice(first)))
    connection.end()
    const events = await Array.fromAsync(connection)
    const fromMs = first * 20
    const said = finals(events).flatMap((event) => event.text.split(' '))
    expect(said).toEqual(words.filter((word) => word.startMs >= fromMs).map(({ text }) => text))
    const cut = words.find((word) => word.startMs < fromMs && word.endMs > fromMs)
    const lost = losses(events).map((loss) => [loss.startMs + fromMs, loss.endMs + fromMs])
    const whole: unknown = expect.toSatisfy((ms: number) => ms >= (cut?.endMs ?? 0))
    expect(lost).toEqual(cut === undefined ? [] : [[fromMs, whole]])
  }
})
