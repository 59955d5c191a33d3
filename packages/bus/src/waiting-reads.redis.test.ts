import { setTimeout as sleep } from 'node:timers/promises'
import { tcpProxy, testRedis } from '@callwire/testkit'
import { expect, test } from 'vitest'
import type { AudioEntry } from './audio-entry.ts'
import { createAudioStreams, type AudioStreams } from './audio-streams.ts'
import { testBus, uniqueId, type TestBus } from './test-support/connect.ts'
import { POLL_MS } from './waiting-reads.ts'

const audio = (streamId: string, index: number): AudioEntry => ({
  kind: 'audio',
  streamId,
  index,
  startMs: index * 100,
  sealed: Buffer.alloc(1_600, index),
})
const ids = (count: number) => Array.from({ length: count }, () => uniqueId('cal'))

/** Reads until it has so many entries. */
async function readAll(streams: AudioStreams, callId: string, count: number) {
  const all: AudioEntry[] = []
  let after = '0'
  while (all.length < count) {
    const read = await streams.read(callId, after, { blockMs: 20_000, count: 64 })
    all.push(...read.map(({ entry }) => entry))
    after = read.at(-1)?.id ?? after
  }
  return all
}

/** Readers of so many streams in which nothing is: each read's outcome. */
function waitOn(streams: AudioStreams, count: number, signal?: AbortSignal) {
  const o = { blockMs: 600_000, count: 64, ...(signal === undefined ? {} : { signal }) }
  return Promise.all(
    ids(count).map((callId) =>
      streams.read(callId, '0', o).catch((error: unknown) => error as Error),
    ),
  )
}

async function readers(bus: TestBus): Promise<number> {
  const clients = String(await bus.conn.command.client('LIST'))
  return clients.split('\n').filter((line) => line.includes('name=test:audio-in')).length
}

async function xreads(bus: TestBus): Promise<number> {
  const stats = await bus.conn.command.info('commandstats')
  return Number(/cmdstat_xread:calls=(\d+)/.exec(stats)?.[1] ?? 0)
}

test('hundreds of readers share a connection, and each hears its own stream in order', async () => {
  await using redis = await testRedis({ own: true })
  await using bus = await testBus(redis.url)
  await using streams = createAudioStreams(bus.conn)
  const calls = ids(300)
  const append = (from: number, to: number) =>
    Promise.all(
      calls.map(async (callId) => {
        for (let i = from; i < to; i += 1) await streams.append(callId, audio(callId, i))
      }),
    )
  // Some are behind when they begin: more than one answer holds.
  await append(0, 20)
  const reading = Promise.all(calls.map((callId) => readAll(streams, callId, 25)))
  await append(20, 25)
  const heard = await reading
  for (const [i, entries] of heard.entries()) {
    expect(entries).toEqual(Array.from({ length: 25 }, (_, n) => audio(calls[i] ?? '', n)))
  }
  expect(await readers(bus)).toBe(1)
})

test('two readers of one stream each get what comes after their own id', async () => {
  await using bus = await testBus()
  await using streams = createAudioStreams(bus.conn)
  const callId = uniqueId('cal')
  const first = await streams.append(callId, audio('s', 0))
  const o = { blockMs: 10_000, count: 64 }
  const both = [streams.read(callId, first, o), streams.read(callId, '0', o)]
  expect(await both[1]).toMatchObject([{ entry: audio('s', 0) }])
  await streams.append(callId, audio('s', 1))
  expect(await both[0]).toMatchObject([{ entry: audio('s', 1) }])
})

test('Redis is asked while somebody waits, and not when nobody does', async () => {
  await using redis = await testRedis({ own: true })
  await using bus = await testBus(redis.url)
  await using streams = createAudioStreams(bus.conn)
  const stop = new AbortController()
  const waiting = waitOn(streams, 200, stop.signal)
  await expect.poll(() => xreads(bus)).toBeGreaterThan(6)
  stop.abort()
  expect(await waiting).toEqual(Array.from({ length: 200 }, () => []))
  // What was under way then has been asked by now.
  await sleep(POLL_MS * 4)
  const asked = await xreads(bus)
  await sleep(POLL_MS * 8)
  expect(await xreads(bus)).toBe(asked)
})

test('a Redis that restarts under many readers fails them all, and is read again', async () => {
  await using redis = await testRedis({ own: true })
  await using bus = await testBus(redis.url)
  await using streams = createAudioStreams(bus.conn)
  const waiting = waitOn(streams, 300)
  await expect.poll(() => readers(bus)).toBe(1)
  await expect.poll(() => xreads(bus)).toBeGreaterThan(6)
  await redis.kill()
  const away: unknown = expect.objectContaining({ code: 'unavailable', retryable: true })
  expect(await waiting).toEqual(Array.from({ length: 300 }, () => away))
  // Those who come meanwhile fail as well: nothing stands in line for Redis to come back.
  expect(await waitOn(streams, 10)).toEqual(Array.from({ length: 10 }, () => away))

  await redis.restart()
  const callId = uniqueId('cal')
  const append = () => streams.append(callId, audio('s', 0)).catch(() => null)
  await expect.poll(append, { timeout: 15_000 }).not.toBeNull()
  const read = () => streams.read(callId, '0', { blockMs: 50, count: 1 }).catch(() => [])
  await expect.poll(read, { timeout: 15_000 }).toHaveLength(1)
})

test('an answer that never comes fails its readers, and is never taken for another', async () => {
  const { url } = await testRedis()
  await using proxy = await tcpProxy({ target: url })
  await using bus = await testBus(proxy.through(url))
  await using direct = await testBus(url)
  await using streams = createAudioStreams(bus.conn)
  await using appending = createAudioStreams(direct.conn)
  expect(await streams.read(uniqueId('cal'), '0', { blockMs: 1, count: 1 })).toEqual([])
  proxy.dropReply()
  const away: unknown = expect.objectContaining({ code: 'unavailable', retryable: true })
  expect(await waitOn(streams, 200)).toEqual(Array.from({ length: 200 }, () => away))
  proxy.resume()
  const calls = ids(3)
  for (const callId of calls) await appending.append(callId, audio(callId, 0))
  const o = { blockMs: 10_000, count: 1 }
  const read = await Promise.all(calls.map((callId) => streams.read(callId, '0', o)))
  expect(read.flat().map(({ entry }) => entry)).toEqual(calls.map((callId) => audio(callId, 0)))
})

test('a key that is no stream fails its own reader alone', async () => {
  await using bus = await testBus()
  await using streams = createAudioStreams(bus.conn)
  const [spoilt = '', ...calls] = ids(10)
  await bus.conn.command.set(`audio:{${spoilt}}`, 'no stream')
  const o = { blockMs: 10_000, count: 1 }
  const refused = expect(streams.read(spoilt, '0', o)).rejects.toMatchObject({ code: 'internal' })
  const others = Promise.all(calls.map((callId) => streams.read(callId, '0', o)))
  await refused
  for (const callId of calls) await streams.append(callId, audio(callId, 0))
  expect((await others).flat().map(({ entry }) => entry)).toEqual(
    calls.map((callId) => audio(callId, 0)),
  )
})

test('when the streams are disposed who waits gets nothing, and no connection is left', async () => {
  await using redis = await testRedis({ own: true })
  await using bus = await testBus(redis.url)
  const streams = createAudioStreams(bus.conn)
  const waiting = waitOn(streams, 200)
  await expect.poll(() => readers(bus)).toBe(1)
  await streams[Symbol.asyncDispose]()
  expect(await waiting).toEqual(Array.from({ length: 200 }, () => []))
  await expect.poll(() => readers(bus)).toBe(0)
  expect(await waitOn(streams, 2)).toEqual([[], []])
  const asked = await xreads(bus)
  await sleep(POLL_MS * 4)
  expect([await readers(bus), await xreads(bus)]).toEqual([0, asked])
})
