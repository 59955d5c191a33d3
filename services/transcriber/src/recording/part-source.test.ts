import { expect, test } from 'vitest'
import type { Heard } from '../read-audio.ts'
import { createPartSource } from './part-source.ts'
import { secondOf } from './testing/recorder-under-test.ts'

function* seconds(fromMs: number, toMs: number): Generator<Heard> {
  for (let ms = fromMs; ms < toMs; ms += 1_000) yield secondOf(ms)
}

/** A call whose parts nobody takes for its first two minutes: what follows is read again. */
function slow(readAgain: (fromMs: number, reading: number) => Iterable<Heard>) {
  const readings: number[] = []
  let lost = 0
  const stop = new AbortController()
  const source = createPartSource({
    fromMs: 0,
    readAgain: async function* (fromMs) {
      readings.push(fromMs)
      await Promise.resolve()
      yield* readAgain(fromMs, readings.length)
    },
    onLost: () => {
      lost += 1
    },
    signal: stop.signal,
  })
  const take = (fromMs: number, toMs: number) => {
    for (let ms = fromMs; ms < toMs; ms += 1_000) source.take(secondOf(ms))
  }
  take(0, 120_000)
  const unstoredBefore = source.unstored()
  const got: number[][] = []
  const storing = (async () => {
    for await (const { fromMs, toMs } of source.parts()) got.push([fromMs, toMs])
  })()
  return { source, unstoredBefore, take, got, storing, readings, stop, lost: () => lost }
}

test('a reading that ended between two sockets is followed by one of what came after', async () => {
  const call = slow((fromMs, reading) => seconds(fromMs, reading === 1 ? 150_000 : 215_000))
  await expect.poll(() => call.got.at(-1)).toEqual([120_000, 150_000])
  call.take(120_000, 150_000)
  call.take(155_000, 215_000)
  call.source.end()
  await call.storing
  expect(call.got.at(-1)?.[1]).toBe(215_000)
  expect([call.unstoredBefore, call.source.unstored()]).toEqual([4, 0])
  expect(call.readings).toEqual([60_000, 150_000])
  expect(call.lost()).toBe(0)
})

test('one that had all that was heard is the last', async () => {
  const call = slow((fromMs) => seconds(fromMs, 150_000))
  await expect.poll(() => call.got.at(-1)).toEqual([120_000, 150_000])
  call.take(120_000, 150_000)
  call.source.end()
  await call.storing
  expect(call.readings).toEqual([60_000])
})

test('who waits for another socket is let go when the call is given up', async () => {
  const call = slow((fromMs) => seconds(fromMs, 150_000))
  await expect.poll(() => call.got.at(-1)).toEqual([120_000, 150_000])
  call.stop.abort()
  await call.storing
  expect(call.readings).toEqual([60_000])
})
