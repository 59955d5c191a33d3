import { expect, test } from 'vitest'
import { createAudioRing } from './audio-ring.ts'

test('a chunk that was heard is heard the same again, whatever became of its first memory', () => {
  const ring = createAudioRing()
  const sounds = Array.from({ length: 40 }, (_, n) => Buffer.alloc(1_600, n + 1))
  for (const [n, sound] of sounds.entries()) ring.push({ callMs: n * 100, durationMs: 100 }, sound)
  for (let n = 0; n < 30; n += 1) expect(ring.soundOf(n)).toBe(sounds[n])
  for (const sound of sounds.slice(0, 30)) sound.fill(0)
  ring.trim(1_000)
  expect([ring.first, ring.next, ring.at(9)]).toEqual([10, 40, undefined])
  for (let n = 10; n < 40; n += 1) expect(ring.soundOf(n)).toEqual(Buffer.alloc(1_600, n + 1))
})

test('of a chunk that is not kept there is no sound', () => {
  expect(createAudioRing().soundOf(0)).toHaveLength(0)
})
