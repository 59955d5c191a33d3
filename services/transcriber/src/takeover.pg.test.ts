import { createLeases } from '@callwire/bus'
import { parseContentRing } from '@callwire/crypto'
import { systemClock } from '@callwire/runtime'
import { eventually } from '@callwire/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { claimCall } from './claim-call.ts'
import { createKeyPatience } from './key-patience.ts'
import { encodeCaptions } from './loopback/testing/encode-captions.ts'
import { converse, slice } from './testing/conversation.ts'
import { contentKeys, createFixture, type Fixture, type SeededCall } from './testing/fixture.ts'
import { startProcess } from './testing/process.ts'
import { times } from './times.ts'
import { writeFinal, writeGap } from './write-words.ts'

let fixture: Fixture
beforeAll(async () => {
  fixture = await createFixture()
})
afterAll(() => fixture[Symbol.asyncDispose]())

const lines = [
  '0: alpha bravo charlie delta',
  '1: echo foxtrot golf hotel',
  '0: india juliett kilo lima',
  '1: mike november oscar papa',
]
const script = lines.map((line) => line.slice(3))

/** Every word is in exactly one final, and none is said to be missing. */
async function expectWhole(call: SeededCall) {
  const finals = await fixture.finals(call)
  const byStart = finals.toSorted((a, b) => a.startMs - b.startMs)
  expect(byStart.map((final) => final.text)).toEqual(script)
  expect(new Set(finals.map((final) => final.utteranceId)).size).toBe(script.length)
  expect(await fixture.gaps(call)).toEqual([])
}

test('two transcribers race for a call: one says its words', async () => {
  const both = await Promise.all([fixture.start(), fixture.start()])
  const call = await fixture.call()
  const socket = await fixture.socket(call)
  await socket.play(converse(lines).pcm)
  await socket.end()
  await fixture.done(call)
  await expectWhole(call)
  expect((await fixture.row(call)).fence).toBe(1)
  await Promise.all(both.map((one) => one.stop()))
})

describe('a transcriber that stops in mid-utterance', () => {
  const { pcm } = converse(lines)
  /** Within the second word of an utterance, on the edge of one, and between two utterances. */
  const moments = [900, 1_600, 2_450, 3_600, 3_610, 5_000]

  test.each(moments)('in good order, at %i ms: its successor goes on', async (atMs) => {
    const first = await fixture.start()
    const call = await fixture.call()
    const interims = await fixture.interims(call)
    const socket = await fixture.socket(call)
    const cut = Math.floor(atMs / 20) * 20
    await socket.play(slice(pcm, 0, cut))
    await eventually(() => interims.length > 0)
    await first.stop()
    const second = await fixture.start()
    await socket.play(slice(pcm, cut))
    await socket.end()
    await fixture.done(call)
    await expectWhole(call)
    expect((await fixture.row(call)).fence).toBeGreaterThan(1)
    await second.stop()
  })

  test.each([1_300, 1_900, 2_300, 2_700, 3_100])(
    'at %i ms, while two people speak at once: nobody’s words are lost or said twice',
    async (atMs) => {
      const overlapping = converse([
        { line: '0: alpha bravo charlie delta', startMs: 400 },
        { line: '1: echo foxtrot golf hotel', startMs: 1_160 },
        { line: '0: india juliett kilo lima', startMs: 1_940 },
        { line: '1: mike november oscar papa', startMs: 2_740 },
      ])
      const first = await fixture.start()
      const call = await fixture.call()
      const interims = await fixture.interims(call)
      const socket = await fixture.socket(call)
      await socket.play(slice(overlapping.pcm, 0, atMs))
      await eventually(() => interims.length > 0)
      await first.stop()
      const second = await fixture.start()
      await socket.play(slice(overlapping.pcm, atMs))
      await socket.end()
      await fixture.done(call)
      await expectWhole(call)
      await second.stop()
    },
  )

  test('damage just before the last final is not forgotten: it lies in a word that is not over', async () => {
    const word = (text: string, startMs: number, endMs: number) => ({ text, startMs, endMs })
    const frames = encodeCaptions(
      [
        {
          speaker: 0,
          language: 'en-IN',
          words: [word('alpha', 400, 700), word('bravo', 1_500, 1_800)],
        },
        {
          speaker: 1,
          language: 'en-IN',
          words: [word('long', 1_340, 2_000), word('echo', 2_000, 2_400)],
        },
      ],
      150,
    )
    frames[1_400 / 20]?.writeInt16LE(1_234, 100)
    const both = Buffer.concat(frames)
    const first = await fixture.start()
    const call = await fixture.call()
    const socket = await fixture.socket(call)
    await socket.play(slice(both, 0, 1_900))
    await eventually(async () => (await fixture.finals(call)).length === 1)
    await first.stop()
    const second = await fixture.start()
    await socket.play(slice(both, 1_900))
    await socket.end()
    await fixture.done(call)
    expect((await fixture.finals(call)).map((final) => final.text)).toEqual(['alpha bravo', 'echo'])
    expect(await fixture.gaps(call)).toMatchObject([{ reason: 'audio_altered', toMs: 2_000 }])
    await second.stop()
  })

  test('killed: its lease runs out, and its successor goes on', async () => {
    const call = await fixture.call()
    const interims = await fixture.interims(call)
    await using first = await startProcess(fixture)
    const socket = await fixture.socket(call)
    await socket.play(slice(pcm, 0, 3_600))
    await eventually(async () => (await fixture.finals(call)).length > 0)
    const before = await fixture.finals(call)
    await eventually(() => interims.some((one) => one.startMs > (before[0]?.endMs ?? 0)))
    first.signal('SIGKILL')
    await first.exited
    const second = await fixture.start()
    await socket.play(slice(pcm, 3_600))
    await socket.end()
    await fixture.done(call)
    await expectWhole(call)
    expect((await fixture.finals(call)).slice(0, before.length)).toEqual(before)
    expect((await fixture.row(call)).fence).toBe(2)
    await second.stop()
  })

  test('a revision of an utterance is never said again by the successor', async () => {
    const first = await fixture.start()
    const call = await fixture.call()
    const interims = await fixture.interims(call)
    const socket = await fixture.socket(call)
    await socket.play(slice(pcm, 0, 1_200))
    await eventually(() => interims.length >= 2)
    await first.stop()
    const second = await fixture.start()
    await socket.play(slice(pcm, 1_200))
    await socket.end()
    await fixture.done(call)
    const [final] = await fixture.finals(call)
    const own = interims.filter((one) => one.utteranceId === final?.utteranceId)
    const revs = own.map((one) => one.rev)
    expect(revs).toEqual([...new Set(revs)].toSorted((a, b) => a - b))
    expect(final?.rev).toBeGreaterThan(revs.at(-1) ?? 0)
    await second.stop()
  })
})

describe('whose call it is', () => {
  const contentRing = parseContentRing(contentKeys)
  const metrics = { leased: () => undefined }
  const claimAs = async (owner: string, call: SeededCall) => {
    const leases = createLeases(fixture.bus)
    const ledger = fixture.ownLedger
    const parts = { ledger, contentRing, owner, times, clock: systemClock, metrics }
    const keyPatience = createKeyPatience(systemClock, times.keyWaitMs)
    const { log } = fixture.logs
    return claimCall({ database: fixture.own, leases, ...parts, keyPatience, log }, call)
  }
  const lapse = (call: SeededCall) => fixture.bus.command.del(`cw:lease:{${call.callId}}`)

  test('nobody else’s while the lease lasts, and once its words are complete nobody’s', async () => {
    const call = await fixture.call()
    await fixture.socket(call)
    expect(await claimAs('a', call)).toMatchObject({ fence: 1, ackedId: '0-0', ackedMs: 0 })
    expect(await claimAs('b', call)).toBeNull()
    await createLeases(fixture.bus).release(call.callId, 'a')
    expect(await claimAs('b', call)).toMatchObject({ fence: 2 })
  })

  test('a call without words to come is left alone, its lease free again', async () => {
    const call = await fixture.call()
    expect(await claimAs('a', call)).toBeNull()
    expect(await fixture.bus.command.exists(`cw:lease:{${call.callId}}`)).toBe(0)
  })

  test('a holder that was overtaken can write nothing', async () => {
    const call = await fixture.call()
    await fixture.socket(call)
    const slow = await claimAs('slow', call)
    await lapse(call)
    const quick = await claimAs('quick', call)
    if (slow === null || quick === null) throw new Error('not claimed')
    const final = {
      final: {
        type: 'final',
        provider: 'p',
        connection: 1,
        segment: '0',
        text: 'late',
        startMs: 0,
        endMs: 10,
      },
      utteranceId: `utt_${'0'.repeat(24)}`,
      rev: 1,
      position: { ackedId: '1-1', ackedMs: 10 },
    } as const
    const before = await fixture.events(call)
    await expect(writeFinal(fixture.ownLedger, slow, final)).rejects.toMatchObject({
      code: 'claim_lost',
    })
    await expect(
      writeGap(fixture.ownLedger, slow, { fromMs: 0, toMs: 10, reason: 'x' }),
    ).rejects.toMatchObject({ code: 'claim_lost' })
    expect(await fixture.events(call)).toEqual(before)
    expect(await fixture.row(call)).toMatchObject({ ackedId: '0-0', ackedMs: 0, fence: 2 })
    await writeFinal(fixture.ownLedger, quick, final)
    await writeGap(fixture.ownLedger, quick, { fromMs: 3, toMs: 5, reason: 'x' })
    // The place on the clock never goes back.
    expect(await fixture.row(call)).toMatchObject({ ackedId: '1-1', ackedMs: 10 })
  })

  test('a running transcriber that loses its lease falls silent, and the next one says the rest', async () => {
    const first = await fixture.start({ times: { renewMs: 50, findMs: 600_000 } })
    const call = await fixture.call()
    const interims = await fixture.interims(call)
    const { pcm } = converse(lines)
    const socket = await fixture.socket(call)
    const early = await fixture.start({ times: { renewMs: 50 } })
    await socket.play(slice(pcm, 0, 2_400))
    await eventually(() => interims.length > 0)
    const key = `cw:lease:{${call.callId}}`
    // Somebody else holds it for a moment: whoever worked on the call must stop.
    await fixture.bus.command.set(key, 'somebody-else', 'PX', 3_000)
    await socket.play(slice(pcm, 2_400))
    await socket.end()
    await fixture.done(call)
    await expectWhole(call)
    expect((await fixture.row(call)).fence).toBeGreaterThan(1)
    await Promise.all([first.stop(), early.stop()])
  })
})

test('Redis dies in mid-call and comes back from its file: the call is whole in the end', async () => {
  const one = await fixture.start()
  const call = await fixture.call()
  const interims = await fixture.interims(call)
  const { pcm } = converse(lines)
  const socket = await fixture.socket(call)
  await socket.play(slice(pcm, 0, 2_400))
  await eventually(() => interims.length > 0)
  await fixture.redis.stop()
  await fixture.redis.restart()
  await eventually(() =>
    fixture.bus.ping().then(
      () => true,
      () => false,
    ),
  )
  await socket.play(slice(pcm, 2_400))
  await socket.end()
  await fixture.done(call)
  await expectWhole(call)
  await one.stop()
})
