import type { AudioEntry } from '@callwire/bus'
import { expect, test } from 'vitest'
import { createAudioTimeline, type Opened } from './audio-timeline.ts'

const block = (streamId: string, index: number, startMs: number): AudioEntry => ({
  kind: 'audio',
  streamId,
  index,
  startMs,
  sealed: Buffer.alloc(0),
})
const sound: Opened = { durationMs: 100 }

test('a socket that was replaced and talks on is heard only where the other is not', () => {
  const timeline = createAudioTimeline(0)
  timeline.take(block('new', 0, 0), sound)
  expect(timeline.take(block('old', 7, 50), sound)).toEqual({
    kind: 'sound',
    startMs: 100,
    endMs: 150,
    skipMs: 50,
  })
  expect(timeline.take(block('old', 6, 0), sound)).toEqual({ kind: 'known' })
  expect(timeline.reachedMs()).toBe(150)
})

test('clocks that differ by rounding leave no hole and cut nothing', () => {
  const timeline = createAudioTimeline(0)
  timeline.take(block('s', 0, 0), { durationMs: 33.375 })
  expect(timeline.holeBefore(block('s', 1, 33), sound)).toBeNull()
  expect(timeline.take(block('s', 1, 33), sound)).toEqual({
    kind: 'sound',
    startMs: 33,
    endMs: 133,
    skipMs: 0,
  })
  expect(timeline.holeUntil(134)).toBeNull()
  expect(timeline.holeUntil(135)).toMatchObject({ fromMs: 133, toMs: 135 })
})

test('only what opens is believed about its place', () => {
  const timeline = createAudioTimeline(0)
  timeline.take(block('s', 0, 0), sound)
  const forged = block('s', 1, 90_000)
  expect(timeline.holeBefore(forged, null)).toBeNull()
  expect(timeline.take(forged, null)).toEqual({ kind: 'unopened' })
  expect(timeline.reachedMs()).toBe(100)
  expect(timeline.holeBefore(block('s', 2, 200), sound)).toEqual({
    fromMs: 100,
    toMs: 200,
    reason: 'audio_damaged',
  })
})

test('a spoilt copy of what was heard is no damage', () => {
  const timeline = createAudioTimeline(0)
  timeline.take(block('s', 0, 0), sound)
  expect(timeline.isKnown(block('s', 0, 0))).toBe(true)
  expect(timeline.take(block('s', 0, 0), null)).toEqual({ kind: 'known' })
  expect(timeline.holeBefore(block('s', 2, 200), sound)).toMatchObject({ reason: 'audio_lost' })
})

test('what the media service says is missing is no loss, and counts where it was not accounted for', () => {
  const timeline = createAudioTimeline(100)
  const gap: AudioEntry = { kind: 'gap', streamId: 's', fromMs: 50, toMs: 300 }
  expect(timeline.holeBefore(gap, null)).toBeNull()
  expect(timeline.take(gap, null)).toEqual({
    kind: 'hole',
    hole: { fromMs: 100, toMs: 300, reason: 'audio_missing' },
  })
  expect(timeline.isKnown(gap)).toBe(true)
  const end: AudioEntry = { kind: 'end', streamId: 's', atMs: 450 }
  expect(timeline.holeBefore(end, null)).toEqual({ fromMs: 300, toMs: 450, reason: 'audio_lost' })
})
