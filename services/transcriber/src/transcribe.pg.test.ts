import { isId } from '@callwire/contracts'
import { eventually } from '@callwire/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { converse, slice } from './testing/conversation.ts'
import { createFixture, type Fixture } from './testing/fixture.ts'

let fixture: Fixture
let transcriber: Awaited<ReturnType<Fixture['start']>>
beforeAll(async () => {
  fixture = await createFixture()
  transcriber = await fixture.start()
})
afterAll(() => fixture[Symbol.asyncDispose]())

const texts = (finals: readonly { text: string }[]) => finals.map((final) => final.text)

describe('a whole call', () => {
  test('its words are in the ledger, masked, in place, with the originals sealed beside them', async () => {
    const call = await fixture.call()
    const interims = await fixture.interims(call)
    const { pcm, utterances } = converse([
      '0: hello who is there',
      '1: my number is 9876543210 please call',
      '0: नमस्ते जी',
    ])
    const socket = await fixture.socket(call)
    await socket.play(pcm)
    await socket.end()
    await fixture.complete(call)
    const events = await fixture.done(call)
    const finals = await fixture.finals(call)
    expect(texts(finals)).toEqual([
      'hello who is there',
      'my number is [phone] please call',
      'नमस्ते जी',
    ])
    expect(finals.map((final) => [final.startMs, final.endMs, final.speaker])).toEqual(
      utterances.map(({ words, speaker }) => [
        words[0]?.startMs,
        words.at(-1)?.endMs,
        speaker === 0 ? 'agent' : 'customer',
      ]),
    )
    expect(finals[1]).toMatchObject({
      provider: 'loopback',
      language: 'en-IN',
      masked: [{ kind: 'phone', start: 13, end: 20 }],
    })
    expect(await fixture.originals(call)).toEqual([
      'hello who is there',
      'my number is 9876543210 please call',
      'नमस्ते जी',
    ])
    expect(await fixture.gaps(call)).toEqual([])
    expect(events.map((event) => event.type).slice(-3)).toEqual(
      expect.arrayContaining(['call.talk', 'call.receipt']) as string[],
    )
    // One utterance, growing: its interims' id is its final's, revisions rise, numbers never show.
    for (const final of finals) {
      expect(isId('utterance', final.utteranceId)).toBe(true)
      const own = interims.filter((interim) => interim.utteranceId === final.utteranceId)
      expect(own.length).toBeGreaterThan(0)
      const revs = [...own.map((interim) => interim.rev), final.rev]
      expect(revs).toEqual(Array.from({ length: revs.length }, (_, i) => i + 1))
    }
    expect(texts([...interims, ...finals]).join()).not.toMatch(/\d/)
    expect(JSON.stringify([interims, events])).not.toContain('9876543210')
    expect(fixture.logs.text()).not.toMatch(/9876543210|hello|नमस्ते/)
  })

  test('who talked how long is told, and the receipt counts what was said', async () => {
    const call = await fixture.call()
    const socket = await fixture.socket(call)
    const { pcm } = converse([
      { line: '0: one two three', startMs: 400 },
      { line: '1: four five', startMs: 1_050 },
    ])
    await socket.play(pcm)
    await fixture.complete(call)
    await socket.end()
    const events = await fixture.done(call)
    const talk = events.find((event) => event.type === 'call.talk')
    expect(talk?.data).toEqual({
      speakers: [
        { speaker: 'agent', talkMs: 900 },
        { speaker: 'customer', talkMs: 600 },
      ],
      overlapMs: 250,
      silenceMs: socket.clockMs() - 1_250,
    })
    const receipt = events.at(-1)
    expect(receipt).toMatchObject({
      type: 'call.receipt',
      data: { revision: 1, utterances: 2, gaps: [], events: events.length - 1 },
    })
  })

  test('its audio is forgotten once it is heard, and nothing is left of it in the end', async () => {
    const call = await fixture.call()
    const { pcm } = converse(['0: a b c d', '1: e f g h', '0: i j k l', '1: m n o p'])
    const socket = await fixture.socket(call)
    await socket.play(pcm)
    await eventually(async () => (await fixture.finals(call)).length === 4)
    const left = () => fixture.audio.read(call.callId, '0', { blockMs: 0, count: 1_000 })
    await eventually(async () => (await left()).length < pcm.length / 1_600 - 20)
    await socket.end()
    await fixture.done(call)
    await eventually(async () => (await left()).length === 0)
  })

  test('without an end in Redis, the row’s end will do', async () => {
    const call = await fixture.call()
    const socket = await fixture.socket(call)
    await socket.play(converse(['0: only this']).pcm)
    await socket.closeRow()
    await fixture.done(call)
    expect(texts(await fixture.finals(call))).toEqual(['only this'])
  })

  test('without any audio at all it is done, too', async () => {
    const call = await fixture.call()
    const socket = await fixture.socket(call)
    await socket.end()
    await fixture.done(call)
    expect(await fixture.finals(call)).toEqual([])
    expect(await fixture.gaps(call)).toEqual([])
  })

  test('sound that carries no captions says nothing and loses nothing', async () => {
    const call = await fixture.call()
    const socket = await fixture.socket(call)
    await socket.play(Buffer.alloc(16 * 1_000, 3))
    await socket.end()
    await fixture.done(call)
    expect(await fixture.finals(call)).toEqual([])
    expect(await fixture.gaps(call)).toEqual([])
  })
})

describe('a second media socket of a call', () => {
  test('goes on on the call’s clock, after the hole', async () => {
    const call = await fixture.call()
    const first = await fixture.socket(call)
    const one = converse(['0: before the break'])
    await first.play(one.pcm)
    await first.end()
    // Its own script, from its own beginning, 3 s after the first one's end.
    const second = await fixture.socket(call, {
      priorClockMs: first.clockMs(),
      clockStartMs: first.clockMs() + 3_000,
    })
    const two = converse(['1: after the break'])
    await second.play(two.pcm)
    await second.end()
    await fixture.complete(call)
    await eventually(async () => (await fixture.finals(call)).length === 2)
    const finals = await fixture.finals(call)
    expect(texts(finals)).toEqual(['before the break', 'after the break'])
    expect(finals[1]).toMatchObject({
      startMs: first.clockMs() + 3_000 + 400,
      endMs: first.clockMs() + 3_000 + two.endMs,
      speaker: 'customer',
    })
    expect(await fixture.gaps(call)).toEqual([])
  })

  test('takes over in mid-word: the word across the hole is a gap', async () => {
    const call = await fixture.call()
    const { pcm } = converse(['0: alpha bravo charlie delta echo'])
    const first = await fixture.socket(call)
    await first.play(slice(pcm, 0, 1_100))
    // The other socket is there before the first has ended.
    const second = await fixture.socket(call, { priorClockMs: 1_100, clockStartMs: 1_200 })
    await first.end()
    await second.play(slice(pcm, 1_200))
    await second.end()
    await fixture.done(call)
    const finals = await fixture.finals(call)
    expect(texts(finals).join(' ')).toBe('alpha bravo delta echo')
    const gaps = await fixture.gaps(call)
    expect(gaps).toMatchObject([{ reason: 'audio_missing' }])
    expect(gaps[0]?.fromMs).toBeLessThanOrEqual(1_000)
    expect(gaps[0]?.toMs).toBeGreaterThanOrEqual(1_280)
    expect(finals.at(-1)?.endMs).toBe(1_900)
  })

  test('that comes when all seemed over is heard as well, and closed by another receipt', async () => {
    const call = await fixture.call()
    const first = await fixture.socket(call)
    await first.play(converse(['0: over now']).pcm)
    await first.end()
    await fixture.complete(call)
    await fixture.done(call)
    const second = await fixture.socket(call, {
      priorClockMs: first.clockMs(),
      clockStartMs: 60_000,
    })
    await second.play(converse(['1: not quite']).pcm)
    await second.end()
    const events = await eventually(async () => {
      const seen = await fixture.events(call)
      return seen.filter((event) => event.type === 'call.receipt').length >= 2 ? seen : null
    })
    expect(texts(await fixture.finals(call))).toEqual(['over now', 'not quite'])
    expect(events.at(-1)?.data).toMatchObject({ revision: 2, utterances: 2 })
  })
})

test('without a provider, all that was heard is a gap', async () => {
  await transcriber.stop()
  try {
    const call = await fixture.call()
    const socket = await fixture.socket(call)
    await socket.play(converse(['0: nobody listens']).pcm)
    await socket.end()
    const other = await fixture.start({ providers: [] })
    await fixture.done(call)
    expect(await fixture.finals(call)).toEqual([])
    expect(await fixture.gaps(call)).toEqual([
      { fromMs: 0, toMs: socket.clockMs(), reason: 'no_provider' },
    ])
    // More of the same call is another gap, and covers nothing twice.
    const more = await fixture.socket(call, { clockStartMs: socket.clockMs() })
    await more.play(converse(['0: still nobody']).pcm)
    await more.end()
    await eventually(async () => (await fixture.gaps(call)).length === 2)
    expect((await fixture.gaps(call))[1]).toEqual({
      fromMs: socket.clockMs(),
      toMs: more.clockMs(),
      reason: 'no_provider',
    })
    await other.stop()
  } finally {
    transcriber = await fixture.start()
  }
})
