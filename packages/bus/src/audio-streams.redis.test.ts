import { randomBytes } from 'node:crypto'
import { manualClock, tcpProxy, testRedis } from '@callwire/testkit'
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
  await expect.poll(() => bus.conn.command.pttl(`audio:{${callId}}`)).toBeGreaterThan(0)

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

test('a stream is bounded in bytes: its oldest entries go', async () => {
  await using bus = await testBus()
  await using streams = createAudioStreams(bus.conn, { bytesPerStream: 50_000 })
  const callId = uniqueId('cal')
  const appends = Array.from({ length: 300 }, (_, i) =>
    streams.append(callId, audio(i, Buffer.alloc(2_000, i))),
  )
  await Promise.all(appends)
  const left = await streams.read(callId, '0', { blockMs: 0, count: 1_000 })
  const indices = left.map(({ entry }) => (entry.kind === 'audio' ? entry.index : -1))
  expect(indices.at(-1)).toBe(299)
  expect(indices.length).toBeGreaterThan(20)
  expect(indices.length).toBeLessThan(35)
})

test('a stream is bounded in time, and lives on while it is appended to', async () => {
  await using bus = await testBus()
  const clock = manualClock()
  const callId = uniqueId('cal')
  const key = `audio:{${callId}}`
  const hourAgo = Date.now() - 61 * 60_000
  await bus.conn.command.xadd(key, `${hourAgo}-0`, 'k', 'e', 's', 'str_1', 't', '0')
  const now = { now: () => Date.now(), monotonicMs: () => clock.monotonicMs() }
  await using streams = createAudioStreams(bus.conn, { clock: now })
  await streams.append(callId, audio(0), { lifeMs: 500_000 })
  await expect.poll(() => bus.conn.command.xlen(key)).toBe(1)
  expect(await bus.conn.command.pttl(key)).toBeGreaterThan(400_000)

  await bus.conn.command.pexpire(key, 100_000)
  await streams.append(callId, audio(1), { lifeMs: 500_000 })
  await streams.append(callId, audio(2), { lifeMs: 500_000 })
  expect(await bus.conn.command.pttl(key)).toBeLessThan(200_000)
  await clock.advance(30_000)
  await streams.append(callId, audio(3), { lifeMs: 500_000 })
  await expect.poll(() => bus.conn.command.pttl(key)).toBeGreaterThan(400_000)
})

test('knows whether an entry is there, and that the connection was lost', async () => {
  const { url } = await testRedis()
  await using proxy = await tcpProxy({ target: url })
  await using bus = await testBus(proxy.through(url))
  await using streams = createAudioStreams(bus.conn)
  const callId = uniqueId('cal')
  const id = await streams.append(callId, audio(0), { urgent: true })
  expect(await streams.has(callId, id)).toBe(true)
  expect(await streams.has(callId, '1-1')).toBe(false)
  const before = streams.losses()
  proxy.refuse()
  await expect.poll(() => streams.losses()).toBeGreaterThan(before)
  // The life of a stream that Redis may have forgotten is set again with the next entry.
  proxy.resume()
  const forget = () => bus.conn.command.persist(`audio:{${callId}}`).catch(() => null)
  await expect.poll(forget, { timeout: 15_000 }).toBe(1)
  const again = () =>
    streams.append(callId, audio(1)).then(
      () => true,
      () => false,
    )
  await expect.poll(again, { timeout: 15_000 }).toBe(true)
  const ttl = () => bus.conn.command.pttl(`audio:{${callId}}`).catch(() => 0)
  await expect.poll(ttl, { timeout: 15_000 }).toBeGreaterThan(0)
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
