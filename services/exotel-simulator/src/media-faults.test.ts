import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  events,
  indices,
  upTo,
  type PlaceOptions,
  placeStream,
  speakBriefly,
} from './testing/place-stream.ts'
import { startWorld, until, type World } from './testing/world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
  await speakBriefly(world)
})
afterAll(() => world.close())

const place = (o: PlaceOptions = {}) => placeStream(world, o)

describe('faults of media', () => {
  it('a failed handshake is tried once more', async () => {
    const once = await place({ talkMs: 40, fault: { kind: 'handshake_fail' } })
    await until(() => once.connections().at(1)?.closeCode === 1000)
    expect(once.connections().map(({ messages }) => messages.length > 0)).toEqual([false, true])
    const never = await place({ talkMs: 40, fault: { kind: 'handshake_fail', attempts: 2 } })
    await never.ended()
    expect(never.connections().flatMap(({ messages }) => messages)).toEqual([])
    expect(never.connections()).toHaveLength(2)
  })
  it('a refused handshake is tried once more, then the call ends', async () => {
    const call = await place({ fields: { StreamUrl: 'ws://127.0.0.1:1/x' } })
    await call.ended()
    const log = await world.send('GET', `/simulator/log?kind=stream&callSid=${call.sid}`)
    expect(JSON.parse(log.text)).toMatchObject({
      log: [
        { event: 'handshake', attempt: 1, reason: 'ECONNREFUSED' },
        { event: 'handshake', attempt: 2, reason: 'ECONNREFUSED' },
      ],
    })
  })
  it('cut drops the socket without a word', async () => {
    const connection = await (await place({ fault: { kind: 'cut', afterMs: 200 } })).closed()
    expect(connection.closeCode).toBe(1006)
    expect(connection.frames).toHaveLength(10)
    expect(events(connection)).not.toContain('stop')
  })
  it('stall falls silent, then catches up with every frame', async () => {
    const call = await place({ talkMs: 1000, fault: { kind: 'stall', afterMs: 200, ms: 400 } })
    const connection = await call.closed()
    expect(indices(connection)).toEqual(upTo(50))
  })
  it('no_connected and no_stop leave those out', async () => {
    const first = await (await place({ talkMs: 60, fault: { kind: 'no_connected' } })).closed()
    expect(events(first)).toEqual(['start', 'media', 'media', 'media', 'stop'])
    const last = await (await place({ talkMs: 60, fault: { kind: 'no_stop' } })).closed()
    expect(events(last)).toEqual(['connected', 'start', 'media', 'media', 'media'])
  })
  it.each([
    ['frame_altered', [0, 1, null, 3, 4]],
    ['frame_dropped', [0, 1, 3, 4]],
    ['frame_doubled', [0, 1, 2, 2, 3, 4]],
    ['frame_swapped', [0, 1, 3, 2, 4]],
  ])('%s shows in the captions and not in the numbers', async (kind, expected) => {
    const connection = await (await place({ talkMs: 100, fault: { kind, index: 2 } })).closed()
    expect(indices(connection)).toEqual(expected)
    const media = connection.messages.filter(({ event }) => event === 'media')
    expect(media.map((message) => message['sequence_number'])).toEqual(
      upTo(media.length).map((n) => String(n + 2)),
    )
  })
  it('comes_back opens the lost socket again, with what is spoken by then, and counts anew', async () => {
    const call = await place({ talkMs: 8_000, fault: { kind: 'comes_back', afterMs: 200 } })
    await until(() => (call.connections().at(0)?.frames.length ?? 0) >= 10)
    call.connections().at(0)?.socket.terminate()
    await call.ended()
    await until(() => call.connections().at(1)?.closeCode === 1000)
    const [first, second] = call.connections().map((connection) => indices(connection))
    const resumed = second?.[0] ?? 0
    expect(first).toEqual(upTo(first?.length ?? 0))
    expect(resumed).toBeGreaterThanOrEqual((first?.length ?? 0) + 200 / 20 - 1)
    expect(second).toEqual(upTo(400).slice(resumed))
    const [media] =
      call
        .connections()
        .at(1)
        ?.messages.filter((m) => m.event === 'media') ?? []
    expect(media).toMatchObject({ sequence_number: '2', media: { chunk: '1', timestamp: '20' } })
  })
  it('a second socket takes over: the first says no more, and no frame is lost or doubled', async () => {
    const call = await place({ talkMs: 8_000 })
    await until(() => (call.connections().at(0)?.frames.length ?? 0) >= 10)
    await world.control(`calls/${call.sid}/stream`, {})
    await call.ended()
    const [first, second] = call.connections()
    expect(first?.closeCode).toBeNull()
    expect(first && events(first)).not.toContain('stop')
    expect(second && events(second).at(-1)).toBe('stop')
    const all = call.connections().flatMap((connection) => indices(connection))
    expect(all).toEqual(upTo(400))
    const [one, other] = call.connections().map(({ messages }) => messages[1]?.['stream_sid'])
    expect(one).not.toBe(other)
    const ended = await world.control(`calls/${call.sid}/stream`, {})
    expect(ended.status).toBe(409)
  })
  it('strike a live call that is named', async () => {
    const call = await place({ talkMs: 60_000 })
    await until(() => call.connections().at(0)?.frames.length)
    await world.control('faults', { kind: 'media_cut', afterMs: 0, callSid: call.sid })
    expect((await call.closed()).closeCode).toBe(1006)
    await call.ended()
  })
})
