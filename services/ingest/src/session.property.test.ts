import { EventEmitter } from 'node:events'
import type { AudioEntry } from '@callwire/bus'
import { createDataKey, createStreamKey, parseContentRing } from '@callwire/crypto'
import { captureLogs, manualClock } from '@callwire/testkit'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { WebSocket } from 'ws'
import { createAudioPath } from './audio-path.ts'
import { closes } from './closes.ts'
import type { LiveStream } from './live-stream.ts'
import { createIngestMetrics } from './metrics.ts'
import { createSession } from './session.ts'
import type { SessionDeps, StartOutcome } from './start-stream.ts'
import { mediaText, pcmOf, startText, stopText } from './testing/wire-client.ts'

const SAMPLE_RATE = 8_000
const dataKey = createDataKey(parseContentRing(`k1:${Buffer.alloc(32, 1).toString('base64')}`), {
  tenantId: 'ten_0000000000000000000000t1',
  callId: 'cal_0000000000000000000000c1',
}).dataKey

/** What may come over a socket, or happen to it, in any order. */
type Step =
  | { do: 'say'; text: string | Uint8Array }
  | { do: 'media'; sequence: number; bytes: number }
  | { do: 'pass'; ms: number }
  | { do: 'ping' | 'error' | 'find' | 'refuse' | 'replace' }
  | { do: 'close'; code: number }

const texts = fc.constantFrom<string | Uint8Array>(
  startText({ callSid: 'a' }),
  startText({ callSid: 'b' }),
  stopText(),
  '{"event":"connected"}',
  '{"event":"dtmf","sequence_number":"9","dtmf":{"digit":"5","duration":"100"}}',
  '{"event":"mark","sequence_number":"4","mark":{"name":"x"}}',
  '{"event":"media","media":{"payload":"***"}}',
  '{"event":"clear"}',
  'no json',
  Uint8Array.of(0x7b, 0xff),
)
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant('media' as const),
        sequence: fc.nat(40),
        bytes: fc.integer({ min: 1, max: 700 }),
      }),
    },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('say' as const), text: texts }) },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('pass' as const),
        ms: fc.constantFrom(20, 250, 1_000, 12_000, 61_000),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constantFrom(
          'ping' as const,
          'find' as const,
          'find' as const,
          'find' as const,
          'refuse' as const,
          'replace' as const,
          'error' as const,
        ),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('close' as const),
        code: fc.constantFrom(1000, 1005, 1006),
      }),
    },
  ),
  { maxLength: 80 },
)

class Peer extends EventEmitter {
  bufferedAmount = 0
  readonly codes: number[] = []
  isGone = false
  close(code: number) {
    this.codes.push(code)
  }
  terminate() {
    this.leave(1006)
  }
  leave(code: number) {
    if (this.isGone) return
    this.isGone = true
    this.emit('close', code, Buffer.alloc(0))
  }
  ping() {
    return undefined
  }
  pong() {
    return undefined
  }
  pause() {
    return undefined
  }
  resume() {
    return undefined
  }
}

/** A stream whose audio goes nowhere but into the test's hands. */
function streamFor(prior: { firstAudioAtMs: number | null; clockMs: number }) {
  const entries: AudioEntry[] = []
  const streamId = 'str_0000000000000000000000s1'
  const path = createAudioPath(
    {
      tenantId: 'ten_0000000000000000000000t1',
      callId: 'cal_0000000000000000000000c1',
      streamId,
      streamSid: 's',
      sampleRate: SAMPLE_RATE,
      isInbound: false,
      dataKey,
      streamKey: createStreamKey(dataKey, { streamId, salt: Buffer.alloc(16, 1) }),
      prior,
      openedAtMs: 0,
      audioLifeMs: 3_600_000,
    },
    { push: (entry) => void entries.push(entry) },
  )
  const seen = { media: 0, accepted: 0, digits: 0, ends: [] as string[] }
  const live: LiveStream = {
    media(frame, arrivedAtMs) {
      expect(seen.ends).toEqual([])
      const { taken } = path.frame(frame, arrivedAtMs)
      seen.media += 1
      if (taken === 'accept') seen.accepted += 1
      return taken
    },
    tick: () => undefined,
    dtmf: () => void (seen.digits += 1),
    note: (sequence) => path.note(sequence),
    end: (reason) => {
      seen.ends.push(reason)
      path.end()
      return Promise.resolve()
    },
    clock: () => ({ firstAudioAtMs: prior.firstAudioAtMs, clockMs: path.clockMs() }),
  }
  return { live, path, entries, seen }
}

test('whatever comes, a socket ends once, and its books balance', async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.boolean(), fc.boolean(), async (script, isSecond, isReplaced) => {
      const clock = manualClock()
      const prior = isSecond
        ? { firstAudioAtMs: clock.now() - 5_000, clockMs: 3_210 }
        : { firstAudioAtMs: null, clockMs: 0 }
      const stream = streamFor(prior)
      const metrics = createIngestMetrics()
      const logs = captureLogs()
      let frames = 0
      const found = Promise.withResolvers<StartOutcome>()
      let opened = 0
      const peer = new Peer()
      const session = createSession(
        { clock, log: logs.log, metrics, onFrame: () => (frames += 1) } as unknown as SessionDeps,
        peer as unknown as WebSocket,
        { admission: { kind: 'address' } },
        () => {
          opened += 1
          return found.promise
        },
      )
      const hear = (data: string | Uint8Array) => {
        if (!peer.isGone) peer.emit('message', Buffer.from(data as string), false)
      }
      for (const step of script) {
        switch (step.do) {
          case 'say':
            hear(step.text)
            break
          case 'media':
            hear(mediaText(step.sequence, pcmOf(3).subarray(0, step.bytes)))
            break
          case 'pass':
            await clock.advance(step.ms)
            session.tick(clock.monotonicMs())
            break
          case 'ping':
            if (!peer.isGone) peer.emit('ping', Buffer.from('p'))
            break
          case 'error':
            if (!peer.isGone) peer.emit('error', new Error('broken frame'))
            break
          case 'find':
            found.resolve({ kind: 'live', live: stream.live, isReplaced })
            break
          case 'refuse':
            found.resolve({ kind: 'refused', close: closes.unknownCall })
            break
          case 'replace':
            session.close(closes.replaced)
            break
          case 'close':
            peer.leave(step.code)
            break
        }
        // As far as promises go without time.
        for (let i = 0; i < 8; i += 1) await Promise.resolve()
      }
      found.resolve({ kind: 'live', live: stream.live, isReplaced })
      peer.leave(1006)
      await session.settled
      await session.finished

      expect(opened).toBeLessThanOrEqual(1)
      expect(peer.codes.length).toBeLessThanOrEqual(2)
      const { seen, path, entries } = stream
      expect(seen.ends.length).toBeLessThanOrEqual(1)
      expect(frames).toBe(seen.accepted)
      const c = path.counters()
      expect(c.frames).toBe(seen.accepted)
      expect(c.frames + c.duplicated).toBe(seen.media)
      // What is on the clock is audio or a gap, and what is in Redis tiles it.
      if (seen.accepted > 0) {
        const gapMs = c.gaps.reduce((sum, gap) => sum + gap.toMs - gap.fromMs, 0)
        expect(Math.abs(c.clockMs - prior.clockMs - c.audioMs - gapMs)).toBeLessThanOrEqual(
          1 + c.gaps.length,
        )
      }
      let atMs = prior.clockMs
      for (const entry of entries) {
        if (entry.kind === 'end') continue
        const fromMs = entry.kind === 'audio' ? entry.startMs : entry.fromMs
        expect(Math.abs(fromMs - atMs)).toBeLessThanOrEqual(1)
        atMs =
          entry.kind === 'audio'
            ? fromMs + ((entry.sealed.length - 16) * 500) / SAMPLE_RATE
            : entry.toMs
      }
      expect(logs.text()).not.toContain('media socket fault')
    }),
    { numRuns: 300 },
  )
})
