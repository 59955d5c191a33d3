import { randomBytes } from 'node:crypto'
import { tcpProxy, testRedis } from '@callwire/testkit'
import { expect, test } from 'vitest'
import { audioHeader, type AudioEntry } from './audio-entry.ts'
import { createAudioStreams } from './audio-streams.ts'
import { testBus, uniqueId } from './test-support/connect.ts'

const everyByte = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
const audio = (index: number, sealed: Buffer = everyByte): AudioEntry => ({
  kind: 'audio',
  streamId: 'str_1',
  index,
  startMs: index * 100,
  sealed,
})

test('gives back every kind of entry in order, bytes as they were', async () => {
  await using bus = await testBus()
  const streams = createAudioStreams(bus.conn)
  const callId = uniqueId('cal')
  const entries: AudioEntry[] = [
    audio(0),
    { ...audio(1, randomBytes(3_000)), arrivedAtMs: 1_760_000_000_123 } as AudioEntry,
    { kind: 'gap', streamId: 'str_1', fromMs: 200, toMs: 260 },
    { kind: 'end', streamId: 'str_1', atMs: 260 },
  ]
  expect(await streams.exists(callId)).toBe(false)
  const ids: string[] = []
  for (const entry of entries) ids.push(await streams.append(callId, entry))
  const read = await streams.read(callId, '0', { blockMs: 0, count: 10 })
  expect(read).toEqual(entries.map((entry, i) => ({ id: ids[i], entry })))

  expect(await streams.read(callId, ids[1] ?? '', { blockMs: 0, count: 1 })).toEqual([read[2]])
  await streams.trimTo(callId, ids[2] ?? '')
  const rest = await streams.read(callId, '0', { blockMs: 0, count: 10 })
  expect(rest).toEqual(read.slice(2))
  expect(await bus.conn.command.pttl(`audio:{${callId}}`)).toBeGreaterThan(0)

  await streams.remove(callId)
  expect(await streams.exists(callId)).toBe(false)
  expect(await streams.read(callId, '0', { blockMs: 0, count: 10 })).toEqual([])
})

test('a blocking read gets what is appended while it waits, and disturbs nobody', async () => {
  await using bus = await testBus()
  await using streams = createAudioStreams(bus.conn)
  const [one, two] = [uniqueId('cal'), uniqueId('cal')]
  const readers = [one, two].map((callId) =>
    streams.read(callId, '0', { blockMs: 10_000, count: 10 }),
  )
  // The command connection is free while both block.
  await bus.conn.ping()
  await streams.append(two, audio(2))
  await streams.append(one, audio(1))
  const [first, second] = await Promise.all(readers)
  expect(first).toMatchObject([{ entry: audio(1) }])
  expect(second).toMatchObject([{ entry: audio(2) }])
})

test('a blocking read ends when its time is over or its signal aborts', async () => {
  await using bus = await testBus()
  await using streams = createAudioStreams(bus.conn)
  const callId = uniqueId('cal')
  expect(await streams.read(callId, '0', { blockMs: 30, count: 1 })).toEqual([])
  const stop = new AbortController()
  const reading = streams.read(callId, '0', { blockMs: 600_000, count: 1, signal: stop.signal })
  stop.abort()
  expect(await reading).toEqual([])
  // The next reader gets a connection that is not still blocking.
  const other = uniqueId('cal')
  await streams.append(other, audio(0))
  expect(await streams.read(other, '0', { blockMs: 2_000, count: 1 })).toHaveLength(1)
})

test('a foreign entry is passed over', async () => {
  await using bus = await testBus()
  const streams = createAudioStreams(bus.conn)
  const callId = uniqueId('cal')
  await bus.conn.command.xadd(`audio:{${callId}}`, '*', 'k', 'a', 's', 'str_1')
  await bus.conn.command.xadd(`audio:{${callId}}`, '*', 'hello', 'world')
  await streams.append(callId, audio(5))
  const read = await streams.read(callId, '0', { blockMs: 0, count: 10 })
  expect(read.map(({ entry }) => entry)).toEqual([audio(5)])
})

test('while Redis is away appending and reading reject, and work again after', async () => {
  const { url } = await testRedis()
  await using proxy = await tcpProxy({ target: url })
  await using bus = await testBus(proxy.through(url))
  await using streams = createAudioStreams(bus.conn)
  const callId = uniqueId('cal')
  await streams.append(callId, audio(0))
  await streams.read(callId, '0', { blockMs: 50, count: 1 })
  proxy.refuse()
  const away = { code: 'unavailable' }
  await expect(streams.append(callId, audio(1))).rejects.toMatchObject(away)
  await expect(streams.read(callId, '0', { blockMs: 50, count: 1 })).rejects.toMatchObject(away)
  proxy.resume()
  const read = () => streams.read(callId, '0', { blockMs: 50, count: 1 }).catch(() => [])
  await expect.poll(read, { timeout: 15_000 }).toHaveLength(1)
})

test('a block is bound to all that says where it belongs', () => {
  const place = { tenantId: 't', callId: 'c', streamId: 's', index: 1, startMs: 100 }
  const others = [
    { ...place, tenantId: 't2' },
    { ...place, callId: 'c2' },
    { ...place, streamId: 's2' },
    { ...place, index: 2 },
    { ...place, startMs: 101 },
    { ...place, tenantId: 't","c', callId: '' },
  ]
  const headers = [place, ...others].map((o) => Buffer.from(audioHeader(o)).toString('hex'))
  expect(new Set(headers).size).toBe(headers.length)
  expect(audioHeader(place)).toEqual(audioHeader({ ...place }))
})
