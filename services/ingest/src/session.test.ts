import { EventEmitter } from 'node:events'
import type { MediaFrame, MediaStart } from '@callwire/exotel'
import { captureLogs, manualClock } from '@callwire/testkit'
import { expect, test } from 'vitest'
import type { WebSocket } from 'ws'
import type { Taken } from './audio-path.ts'
import type { LiveStream } from './live-stream.ts'
import { createIngestMetrics } from './metrics.ts'
import { createSession } from './session.ts'
import type { SessionDeps } from './start-stream.ts'
import { mediaText, mediaTexts, pcmOf } from './testing/wire-client.ts'

/** A socket whose peer does only what the test says. */
class FakeSocket extends EventEmitter {
  readonly calls: string[] = []
  bufferedAmount = 0
  close(code: number, reason: string) {
    this.calls.push(`close ${code} ${reason}`)
  }
  terminate() {
    this.calls.push('terminate')
    this.emit('close')
  }
  ping() {
    this.calls.push('ping')
  }
  pong(data: Buffer) {
    this.calls.push(`pong ${data.toString()}`)
  }
  pause() {
    this.calls.push('pause')
  }
  resume() {
    this.calls.push('resume')
  }
}

/** @param o.opened - a `start` gets a stream, which notes only how it is ended */
function setUp(
  o: { opened?: boolean; taken?: Taken; isReplaced?: boolean; sampleRate?: number } = {},
) {
  const clock = manualClock()
  const socket = new FakeSocket()
  // Before `start` a session touches neither store: these are all it has.
  const deps = {
    clock,
    log: captureLogs().log,
    metrics: createIngestMetrics(),
    onFrame: () => undefined,
  } as unknown as SessionDeps
  const ends: string[] = []
  const poured: MediaFrame[] = []
  const live = {
    media: (frame: MediaFrame) => {
      poured.push(frame)
      return o.taken ?? 'accept'
    },
    note: () => undefined,
    tick: () => undefined,
    end: (reason: string) => Promise.resolve(void ends.push(reason)),
  } as unknown as LiveStream
  const starts: MediaStart[] = []
  const open = (_deps: SessionDeps, { start }: { start: MediaStart }) => {
    starts.push(start)
    const isReplaced = o.isReplaced === true
    return Promise.resolve({ kind: 'live' as const, live, isReplaced })
  }
  const session = createSession(
    deps,
    socket as unknown as WebSocket,
    { admission: { kind: 'address' }, defaults: { sampleRate: o.sampleRate } },
    ...(o.opened === true ? [open] : []),
  )
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 250) {
      await clock.advance(250)
      session.tick(clock.monotonicMs())
    }
  }
  const say = (...texts: string[]) => {
    for (const text of texts) socket.emit('message', Buffer.from(text), false)
  }
  return { clock, socket, session, pass, say, ends, starts, poured }
}

test('a socket that does not start is closed with 1008', async () => {
  const { socket, pass, session, say } = setUp()
  say('{"event":"connected"}', ...mediaTexts(pcmOf(3)))
  await pass(9_750)
  expect(socket.calls).toEqual([])
  await pass(250)
  expect(socket.calls).toEqual(['close 1008 no start'])
  await session.finished
})

test('a flood is closed with 1008, and cut when it goes on', async () => {
  const { clock, socket, say } = setUp()
  for (let second = 0; second < 5; second += 1) {
    for (let i = 0; i < 501; i += 1) say('{"event":"mark"}')
    await clock.advance(1_000)
  }
  expect(socket.calls).toEqual(['close 1008 too many messages'])
  // What was on its way already must not cost the peer the code it is closed with.
  for (let i = 0; i < 501; i += 1) say('{"event":"mark"}')
  expect(socket.calls).toEqual(['close 1008 too many messages'])
  for (let second = 0; second < 2; second += 1) {
    await clock.advance(1_000)
    for (let i = 0; i < 501; i += 1) say('{"event":"mark"}')
  }
  expect(socket.calls.at(-1)).toBe('terminate')
})

test('pings count as messages', async () => {
  const { clock, socket } = setUp()
  for (let second = 0; second < 5; second += 1) {
    for (let i = 0; i < 501; i += 1) socket.emit('ping', Buffer.from('p'))
    await clock.advance(1_000)
  }
  expect(socket.calls.filter((call) => call !== 'pong p')).toEqual(['close 1008 too many messages'])
})

test('a ping is answered with its own words, until its sender reads no answers', async () => {
  const { socket, session } = setUp()
  socket.emit('ping', Buffer.from('one'))
  socket.bufferedAmount = 300 * 1024
  socket.emit('ping', Buffer.from('two'))
  expect(socket.calls).toEqual(['pong one', 'terminate'])
  await session.finished
})

test('our own pings do not pile up: one that is not answered is the last', async () => {
  const { socket, pass, say } = setUp({ opened: true })
  say('{"event":"start"}')
  for (let second = 0; second < 19; second += 1) {
    await pass(1_000)
    say(...mediaTexts(pcmOf(1)))
  }
  expect(socket.calls).toEqual([])
  await pass(1_000)
  expect(socket.calls).toEqual(['ping'])
  socket.emit('pong')
  for (let second = 0; second < 20; second += 1) {
    say(...mediaTexts(pcmOf(1)))
    await pass(1_000)
  }
  expect(socket.calls).toEqual(['ping', 'ping'])
  await pass(20_000)
  expect(socket.calls).toEqual(['ping', 'ping', 'terminate'])
})

test('a flood of large messages is one, too', async () => {
  const { clock, socket, say } = setUp()
  const large = JSON.stringify({ event: 'mark', mark: { name: 'x'.repeat(220 * 1024) } })
  for (let second = 0; second < 5; second += 1) {
    for (let i = 0; i < 10; i += 1) say(large)
    await clock.advance(1_000)
  }
  expect(socket.calls).toEqual(['close 1008 too many messages'])
})

test('a start behind more audio than is kept is seen, at the rate that the address says', async () => {
  const { socket, session, say, starts, poured } = setUp({ opened: true, sampleRate: 16_000 })
  for (let i = 0; i < 9; i += 1) say(mediaText(i + 1, pcmOf(500)))
  say('{"event":"start"}')
  await session.settled
  expect(socket.calls).toEqual([])
  expect(starts).toMatchObject([{ sampleRate: 16_000 }])
  expect(poured).toHaveLength(6)
})

test('a socket whose call another one has ends with what it holds', async () => {
  const { socket, session, say, ends, poured } = setUp({ opened: true, isReplaced: true })
  say('{"event":"start"}', ...mediaTexts(pcmOf(3)))
  expect(session.isOver()).toBe(false)
  await session.finished
  expect(poured).toHaveLength(3)
  expect([socket.calls, ends]).toEqual([['close 1012 replaced'], ['replaced']])
})

test.each([
  ['stops', (socket: FakeSocket) => socket.emit('message', Buffer.from('{"event":"stop"}'), false)],
  ['leaves', (socket: FakeSocket) => socket.emit('close', 1006)],
])('a socket that %s while its call is looked for is over', async (_how, leave) => {
  const { socket, session, say, ends } = setUp({ opened: true })
  say('{"event":"start"}', ...mediaTexts(pcmOf(1)))
  expect([session.isOver(), session.holdsAudio()]).toEqual([false, true])
  leave(socket)
  expect([session.isOver(), session.holdsAudio()]).toEqual([true, true])
  await session.finished
  expect(ends).toHaveLength(1)
})

test('a fault while reading is 1011, and the process goes on', async () => {
  const { socket, session } = setUp()
  socket.emit('message', { not: 'bytes' }, false)
  expect(socket.calls[0]).toMatch(/^close (1007|1011) /)
  socket.emit('error', new Error('late'))
  await session.finished
})

test('a peer that reads nothing is cut before it costs memory', async () => {
  const { socket, session, pass } = setUp()
  await pass(500)
  socket.bufferedAmount = 300 * 1024
  await pass(250)
  expect(socket.calls).toEqual(['terminate'])
  await session.finished
})

test('also once it is being closed', async () => {
  const { socket, session, pass } = setUp()
  session.close({ code: 1012, reason: 'drain', ended: 'drain' })
  socket.bufferedAmount = 300 * 1024
  await pass(250)
  expect(socket.calls).toEqual(['close 1012 drain', 'terminate'])
})

test.each([
  [1000, 'closed'],
  [1005, 'closed'],
  [1001, 'disconnected'],
  [1006, 'disconnected'],
])('a peer that goes with %i is recorded as %s', async (code, reason) => {
  const { socket, session, say, ends } = setUp({ opened: true })
  say('{"event":"start"}')
  await session.settled
  socket.emit('close', code, Buffer.alloc(0))
  await session.finished
  expect(ends).toEqual([reason])
})

test('closing twice closes once', async () => {
  const { socket, session } = setUp()
  session.close({ code: 1012, reason: 'drain', ended: 'drain' })
  session.close({ code: 1011, reason: 'internal', ended: 'fault' })
  socket.emit('close')
  expect(socket.calls).toEqual(['close 1012 drain'])
  await session.finished
})

test('a socket whose call is at the end of its clock is closed with 1008', async () => {
  const { socket, session, say, ends, clock } = setUp({ opened: true, taken: 'beyond' })
  say('{"event":"start","start":{}}')
  await clock.advance(0)
  say(...mediaTexts(pcmOf(2)))
  await session.finished
  expect([socket.calls, ends]).toEqual([['close 1008 too long'], ['flood']])
})
