import { eventually, tcpProxy } from '@callwire/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { converse, slice } from './testing/conversation.ts'
import { createFixture, type Fixture, type SeededCall } from './testing/fixture.ts'
import { startForOneTest } from './testing/one-test.ts'
import { startProcess } from './testing/process.ts'

let fixture: Fixture
beforeAll(async () => {
  fixture = await createFixture()
})
afterAll(() => fixture[Symbol.asyncDispose]())

const start = startForOneTest((o) => fixture.start(o))

const lines = [
  '0: alpha bravo charlie delta',
  '1: echo foxtrot golf hotel',
  '0: india juliett kilo lima',
  '1: mike november oscar papa',
]
const { pcm, utterances } = converse(lines)
const script = lines.map((line) => line.slice(3))
/** Longer than any test: only a wake-up brings such a transcriber a call. */
const NEVER_MS = 600_000

async function expectWhole(call: SeededCall) {
  const byStart = (await fixture.finals(call)).toSorted((a, b) => a.startMs - b.startMs)
  expect(byStart.map((final) => final.text)).toEqual(script)
  expect(byStart.map((final) => [final.startMs, final.endMs])).toEqual(
    utterances.map(({ words }) => [words[0]?.startMs, words.at(-1)?.endMs]),
  )
  expect(await fixture.gaps(call)).toEqual([])
}

/** Every scripted word is in one final, or wholly in a gap. */
async function expectAccounted(call: SeededCall) {
  const said = (await fixture.finals(call)).flatMap((final) => final.text.split(' '))
  const gaps = await fixture.gaps(call)
  for (const { words } of utterances) {
    for (const word of words) {
      const count = said.filter((text) => text === word.text).length
      const isMissing = gaps.some((gap) => gap.fromMs <= word.startMs && gap.toMs >= word.endMs)
      expect([word.text, count, isMissing]).toEqual([word.text, isMissing ? 0 : 1, isMissing])
    }
  }
  return gaps
}

describe('a transcriber that is told to end', () => {
  test('hands its calls over at once, to whom it wakes, and ends in good order', async () => {
    // Looks for nothing by itself once it runs: it has the call from the one that leaves.
    await start({ times: { findMs: NEVER_MS } })
    await using first = await startProcess(fixture)
    const call = await fixture.call()
    const interims = await fixture.interims(call)
    const ready = await eventually(async () => {
      const answer = await first.readyz().catch(() => null)
      return answer?.status === 200 ? answer : null
    })
    expect(ready).toMatchObject({
      body: {
        status: 'ok',
        checks: { database: 'ok', redis: 'ok', keys: 'ok', calls: 'ok' },
        providers: ['loopback'],
      },
    })
    const socket = await fixture.socket(call)
    await socket.play(slice(pcm, 0, 2_400))
    await eventually(() => interims.length > 0)
    for (const line of [
      /^callwire_transcriber_sessions 1$/m,
      /^callwire_transcriber_lease_seconds_count 1$/m,
      /^callwire_audio_to_provider_seconds_count 24$/m,
    ]) {
      await expect.poll(() => first.metrics()).toMatch(line)
    }
    first.signal('SIGTERM')
    expect(await first.exited).toBe(0)
    await eventually(async () => (await fixture.row(call)).fence === 2)
    await socket.play(slice(pcm, 2_400))
    await socket.end()
    await fixture.done(call)
    await expectWhole(call)
  })

  test('and is the only one leaves its calls to its successor, whose start they wait for', async () => {
    const first = await start()
    const call = await fixture.call()
    const interims = await fixture.interims(call)
    const socket = await fixture.socket(call)
    await socket.play(slice(pcm, 0, 2_400))
    await eventually(() => interims.length > 0)
    await first.stop()
    await socket.play(slice(pcm, 2_400, 4_000))
    await start({ times: { findMs: NEVER_MS } })
    await socket.play(slice(pcm, 4_000))
    await socket.end()
    await fixture.done(call)
    await expectWhole(call)
  })
})

test(
  'a transcriber that is frozen past its lease says nothing when it thaws',
  { timeout: 60_000 },
  async () => {
    await using frozen = await startProcess(fixture)
    const call = await fixture.call()
    const interims = await fixture.interims(call)
    const socket = await fixture.socket(call)
    await socket.play(slice(pcm, 0, 2_400))
    await eventually(() => interims.length > 0)
    frozen.signal('SIGSTOP')
    await start()
    // The lease of the frozen one runs out; the call goes on without it.
    await eventually(async () => (await fixture.row(call)).fence === 2, { boundMs: 30_000 })
    const before = interims.length
    await socket.play(slice(pcm, 2_400, 4_400))
    await eventually(() => interims.length > before)
    frozen.signal('SIGCONT')
    await socket.play(slice(pcm, 4_400))
    await eventually(() => /lease lost|interrupted/.test(frozen.log()), { boundMs: 20_000 })
    await socket.end()
    await fixture.done(call)
    await expectWhole(call)
    // Whatever was said since then is the second holder's, whose revisions begin at 1001.
    // One publication may have been on its way when it froze; a final is refused by its fence.
    const stale = interims.slice(before).filter((interim) => interim.rev <= 1_000)
    expect(stale.length).toBeLessThanOrEqual(1)
  },
)

describe('Redis away in mid-call', () => {
  test.each([
    ['for a moment: the call stays where it is', { awayMs: 400, leaseMs: 15_000, retaken: false }],
    ['for seconds: the call stays where it is', { awayMs: 3_500, leaseMs: 15_000, retaken: false }],
    [
      'for longer than the lease: it is taken up again',
      { awayMs: 9_000, leaseMs: 4_000, retaken: true },
    ],
  ])('%s, and not a word is lost', async (_what, { awayMs, leaseMs, retaken }) => {
    await using proxy = await tcpProxy({ target: fixture.redis.url })
    const redisUrl = proxy.through(fixture.redis.url)
    await start({ redisUrl, times: { leaseMs, renewMs: 300 } })
    const call = await fixture.call()
    const interims = await fixture.interims(call)
    const socket = await fixture.socket(call)
    await socket.play(slice(pcm, 0, 2_400))
    await eventually(() => interims.length > 0)
    proxy.refuse()
    // The media service has Redis, or keeps the audio until it has.
    await socket.play(slice(pcm, 2_400, 4_400))
    await new Promise((resolve) => setTimeout(resolve, awayMs))
    proxy.resume()
    await socket.play(slice(pcm, 4_400))
    await socket.end()
    await fixture.done(call)
    await expectWhole(call)
    // A busy machine may lose it once more than it has to.
    expect((await fixture.row(call)).fence > 1).toBe(retaken)
  })

  test('empty when it is back, with what the media service kept: nothing is lost', async () => {
    await start()
    const call = await fixture.call()
    const interims = await fixture.interims(call)
    const socket = await fixture.socket(call)
    await socket.play(slice(pcm, 0, 2_400))
    await eventually(() => interims.length > 0)
    await fixture.bus.command.flushall()
    await socket.again(12)
    await socket.play(slice(pcm, 2_400))
    await socket.end()
    await fixture.done(call)
    await expectWhole(call)
    // The lease went with everything else, and was taken anew by who had it.
    expect((await fixture.row(call)).fence).toBe(1)
  })

  test('a second short when it is back: what comes again is said once', async () => {
    const call = await fixture.call()
    const socket = await fixture.socket(call)
    await start()
    await socket.play(slice(pcm, 0, 3_400))
    await eventually(async () => (await fixture.finals(call)).length > 0)
    await socket.again(10)
    await socket.play(slice(pcm, 3_400))
    await socket.end()
    await fixture.done(call)
    await expectWhole(call)
  })
})

describe('audio that was lost before it was heard', () => {
  test('in the middle of a call is a gap, with the whole words it took, said once by all holders', async () => {
    const first = await start()
    const call = await fixture.call()
    const interims = await fixture.interims(call)
    const socket = await fixture.socket(call)
    await socket.play(slice(pcm, 0, 2_400))
    await eventually(() => interims.length > 0)
    await first.stop()
    // Redis comes back without it, and the media service kept the last 700 ms.
    await socket.play(slice(pcm, 2_400, 4_400))
    await fixture.bus.command.flushall()
    await socket.again(7)
    const second = await start()
    await socket.play(slice(pcm, 4_400, 6_000))
    await eventually(async () => (await fixture.gaps(call)).length > 0)
    await second.stop()
    await start()
    await socket.play(slice(pcm, 6_000))
    await socket.end()
    await fixture.done(call)
    const gaps = await expectAccounted(call)
    expect(gaps).toMatchObject([{ reason: 'audio_lost' }])
    expect(gaps[0]?.toMs).toBeGreaterThanOrEqual(3_700)
  })

  test('with its whole stream is a gap as long as the call', async () => {
    const call = await fixture.call()
    const socket = await fixture.socket(call)
    await socket.play(pcm)
    await socket.end()
    await fixture.audio.remove(call.callId)
    await start()
    await fixture.done(call)
    expect(await fixture.finals(call)).toEqual([])
    expect(await fixture.gaps(call)).toEqual([
      { fromMs: 0, toMs: socket.clockMs(), reason: 'audio_lost' },
    ])
  })

  test('at the call’s end is a gap up to where its rows say that it ended', async () => {
    const one = await start()
    const call = await fixture.call()
    const socket = await fixture.socket(call)
    await socket.play(slice(pcm, 0, 4_000))
    await eventually(async () => (await fixture.finals(call)).length === 2)
    await one.stop()
    await socket.play(slice(pcm, 4_000))
    await socket.sayEnd()
    await fixture.audio.remove(call.callId)
    await socket.closeRow()
    await start()
    await fixture.done(call)
    const gaps = await expectAccounted(call)
    expect(gaps).toMatchObject([{ reason: 'audio_lost', toMs: socket.clockMs() }])
  })
})

test('what is acknowledged is on record, and its audio goes while the call goes on', async () => {
  await start()
  const call = await fixture.call()
  const socket = await fixture.socket(call)
  await socket.play(slice(pcm, 0, 5_000))
  await eventually(async () => (await fixture.finals(call)).length >= 2)
  const first = async () => {
    const [entry] = await fixture.audio.read(call.callId, '0', { blockMs: 0, count: 1 })
    return entry
  }
  // Never further than a successor will begin, and as far as that.
  await eventually(async () => {
    const { ackedId, ackedMs } = await fixture.row(call)
    const entry = await first()
    return ackedMs > 0 && entry?.id === ackedId
  })
  const { ackedMs } = await fixture.row(call)
  const entry = (await first())?.entry
  expect(entry).toMatchObject({ kind: 'audio', startMs: ackedMs - 100 })
  await socket.play(slice(pcm, 5_000))
  await socket.end()
  await fixture.done(call)
  await expectWhole(call)
  expect(await fixture.row(call)).toMatchObject({ ackedMs: socket.clockMs() })
})
