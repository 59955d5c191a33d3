import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { converse, slice } from './testing/conversation.ts'
import { createFixture, type Fixture } from './testing/fixture.ts'

let fixture: Fixture
beforeAll(async () => {
  fixture = await createFixture()
  await fixture.start()
})
afterAll(() => fixture[Symbol.asyncDispose]())

const texts = (finals: readonly { text: string }[]) => finals.map((final) => final.text)

describe('damage on the way', () => {
  const line = '0: alpha bravo charlie delta echo'
  /** Plays with something done to the frame that lies in the middle of `charlie` (1000 to 1300 ms). */
  async function damaged(change: (frames: Buffer[], at: number) => void) {
    const call = await fixture.call()
    const { pcm } = converse([line])
    const frames = Array.from({ length: pcm.length / 320 }, (_, i) =>
      Buffer.from(pcm.subarray(i * 320, i * 320 + 320)),
    )
    change(frames, 1_140 / 20)
    const socket = await fixture.socket(call)
    await socket.play(Buffer.concat(frames))
    await socket.end()
    await fixture.done(call)
    return { finals: await fixture.finals(call), gaps: await fixture.gaps(call) }
  }

  test.each([
    [
      'one sample altered',
      'audio_altered',
      (frames: Buffer[], at: number) => {
        frames[at]?.writeInt16LE(1_234, 100)
      },
    ],
    [
      'a frame dropped',
      'audio_missing',
      (frames: Buffer[], at: number) => {
        frames.splice(at, 1)
      },
    ],
    [
      'a frame doubled',
      'audio_doubled',
      (frames: Buffer[], at: number) => {
        frames.splice(at, 0, frames[at] ?? Buffer.alloc(320))
      },
    ],
    [
      'two frames swapped',
      'audio_swapped',
      (frames: Buffer[], at: number) => {
        const [a, b] = frames.splice(at, 2)
        if (a !== undefined && b !== undefined) frames.splice(at, 0, b, a)
      },
    ],
  ] as const)('%s: the word is a gap %s, and in no final', async (_what, reason, change) => {
    const { finals, gaps } = await damaged(change)
    expect(texts(finals).join(' ')).toBe('alpha bravo delta echo')
    expect(gaps).toHaveLength(1)
    expect(gaps[0]?.reason).toBe(reason)
    expect(gaps[0]?.fromMs).toBeLessThanOrEqual(1_000)
    expect(gaps[0]?.toMs).toBeGreaterThanOrEqual(1_280)
  })

  test('a block that does not open is a hole in the audio and not the end of the call', async () => {
    const call = await fixture.call()
    const { pcm } = converse(['0: alpha bravo charlie', '1: delta echo'])
    const socket = await fixture.socket(call)
    await socket.play(slice(pcm, 0, 800))
    await socket.play(slice(pcm, 800, 900), { tamper: true })
    await socket.play(slice(pcm, 900))
    await socket.end()
    await fixture.done(call)
    expect(texts(await fixture.finals(call))).toEqual(['alpha charlie', 'delta echo'])
    const gaps = await fixture.gaps(call)
    expect(gaps).toMatchObject([{ reason: 'audio_damaged' }])
    expect(gaps[0]?.fromMs).toBeLessThanOrEqual(700)
    expect(gaps[0]?.toMs).toBeGreaterThanOrEqual(1_000)
  })
})
