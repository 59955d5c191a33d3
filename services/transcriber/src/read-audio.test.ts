import type { AudioEntry } from '@callwire/bus'
import type { Logger } from '@callwire/runtime'
import { describe, expect, test } from 'vitest'
import { readAudio } from './read-audio.ts'
import { claimFrom, createFakeStream, fakeRows, scriptOf } from './testing/fake-stream.ts'

const quiet = { warn: () => undefined } as unknown as Logger
const times = { blockMs: 500, idleMs: 2_000, endingMs: 50 }

/** Reads a call whose entries and end a test decides itself, look by look. */
function readBy(o: {
  onEmptyRead?: () => void
  onRowsRead?: () => void
  endMs: () => number | null
}) {
  const stream = createFakeStream()
  let nowMs = 0
  const deps = {
    database: fakeRows(() => {
      const endMs = o.endMs()
      o.onRowsRead?.()
      return endMs
    }),
    audio: {
      read: (
        _callId: string,
        after: string,
        { count, blockMs }: { count: number; blockMs: number },
      ) => {
        const found = stream.read(after, count)
        if (found.length === 0) {
          nowMs += blockMs
          if (nowMs > 60_000) throw new Error('waited for a minute')
          o.onEmptyRead?.()
        }
        return Promise.resolve(found)
      },
      lastId: () => Promise.resolve(stream.lastId()),
    },
    times,
    clock: { monotonicMs: () => nowMs, sleep: () => Promise.resolve() },
    log: quiet,
  }
  const heard = readAudio(deps, claimFrom(0), new AbortController().signal)
  return { stream, heard, nowMs: () => nowMs }
}

test('what was appended between the last look and the end of the last socket is heard', async () => {
  const { entries } = scriptOf([{ kind: 'sound', ms: 100 }])
  let isLate = true
  const { stream, heard } = readBy({
    // As its last heartbeat left it: the process was killed.
    endMs: () => 0,
    onRowsRead: () => {
      if (isLate) entries.forEach((entry) => stream.append(entry))
      isLate = false
    },
  })
  const moments = (await Array.fromAsync(heard)).filter((one) => one.kind === 'audio')
  expect(moments).toMatchObject([{ startMs: 0, endMs: 100 }])
})

describe('a live stream that was made anew by an earlier clock', () => {
  const sound = { kind: 'sound', ms: 100 } as const
  const { entries } = scriptOf([sound, sound, sound, sound])
  const [one, two, three, four] = entries as [AudioEntry, AudioEntry, AudioEntry, AudioEntry]

  /** What is read when the stream is lost behind the second entry and these come by a clock `backMs` behind. */
  async function readAcross(backMs: number, after: readonly AudioEntry[], untilMs: number) {
    const { stream, heard, nowMs } = readBy({
      endMs: () => null,
      onEmptyRead: () => {
        if (stream.lastId() !== '1000002-0') return
        stream.lose(backMs)
        after.forEach((entry) => stream.append(entry))
      },
    })
    stream.append(one)
    stream.append(two)
    const seen: string[] = []
    for await (const found of heard) {
      seen.push(found.kind === 'read' ? found.id : found.kind)
      if (found.kind === 'read' && found.endMs === untilMs) break
    }
    expect(nowMs()).toBeLessThanOrEqual(times.idleMs + times.blockMs)
    return seen.slice(seen.indexOf('1000002-0') + 1)
  }

  test('is found within moments, and acknowledged by its own ids', async () => {
    expect(await readAcross(500_000, [two, three], 300)).toEqual([
      'restarted',
      '500003-0',
      'audio',
      '500004-0',
    ])
  })

  test('is searched where its ids have passed the old ones: what lies before them is not lost', async () => {
    expect(await readAcross(1, [three, four], 400)).toEqual([
      'restarted',
      'audio',
      '1000002-0',
      'audio',
      '1000003-0',
    ])
  })
})
