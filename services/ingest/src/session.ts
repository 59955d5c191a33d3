import {
  parseMediaMessage,
  type MediaDefaults,
  type MediaMessage,
  type MediaStart,
} from '@callwire/exotel'
import { errorFields } from '@callwire/runtime'
import type { WebSocket } from 'ws'
import type { Admission } from './admission.ts'
import { closes, DISCONNECTED, endedByPeer, type Close } from './closes.ts'
import { cutIfDeaf } from './deaf-peer.ts'
import { createFloodMeter } from './flood-meter.ts'
import { createHold } from './hold.ts'
import type { LiveStream } from './live-stream.ts'
import type { Session } from './registry.ts'
import { judgeLimits } from './session-limits.ts'
import { startStream, type SessionDeps } from './start-stream.ts'

type Phase = 'opening' | 'binding' | 'live' | 'ended'

/** The third text that is no JSON object is no accident. */
const MAX_NOT_JSON = 3
/** A flood goes on while our close is under way; after this its sender is not listening. */
const FLOOD_AFTER_CLOSE_MS = 2_000
/** Limits are in seconds; a quarter keeps them exact enough. */
const JUDGE_EVERY_MS = 250
/** A `stop` is answered within a second, also while its call is still looked for. */
const STOP_WITHIN_MS = 800

/**
 * The pump of one media socket: messages in, decisions from its pure neighbours, effects out.
 * Attaches its handlers before it returns, so that nothing is missed.
 */
export function createSession(
  deps: SessionDeps,
  socket: WebSocket,
  { admission, defaults }: { admission: Admission; defaults?: MediaDefaults },
  open: typeof startStream = startStream,
): Session {
  const { clock, metrics } = deps
  const flood = createFloodMeter()
  const hold = createHold(socket)
  const done = Promise.withResolvers<undefined>()
  const settled = Promise.withResolvers<undefined>()
  let phase: Phase = 'opening'
  let live: LiveStream | null = null
  let started: MediaStart | null = null
  let isStarting = false
  let hasLeft = false
  let endedAs: string = DISCONNECTED
  let leftAs: string = DISCONNECTED
  let endedAtMs = 0
  let notJson = 0
  let judgeAtMs = 0
  let stopWhileBinding: NodeJS.Timeout | null = null
  const times = {
    openedMs: clock.monotonicMs(),
    hasStarted: false,
    lastMediaMs: clock.monotonicMs(),
    lastPingMs: clock.monotonicMs(),
    hasPong: true,
  }

  const finish = async () => {
    try {
      await live?.end(endedAs)
    } catch (error) {
      deps.log.error(errorFields(error), 'stream could not be ended')
    }
    done.resolve(undefined)
  }

  /** `close` null: the connection is gone, or going by itself. */
  const end = (close: Close | null, ended: string) => {
    if (phase === 'ended') return
    phase = 'ended'
    endedAs = ended
    endedAtMs = clock.monotonicMs()
    metrics.ended.inc({ how: close === null ? 'peer' : close.ended })
    if (close !== null) socket.close(close.code, close.reason)
    // While the stream is being opened, `begin` ends it once it has what came before the end.
    if (isStarting) return
    settled.resolve(undefined)
    hold.clear()
    void finish()
  }
  const isEnded = () => phase === 'ended'
  const begin = async (message: MediaStart) => {
    isStarting = true
    const outcome = await open(deps, { session, admission, start: message }).catch(
      (error: unknown) => {
        if (!isEnded()) deps.log.error(errorFields(error), 'stream could not be opened')
        return { kind: 'refused', close: closes.fault } as const
      },
    )
    isStarting = false
    settled.resolve(undefined)
    const wasEnded = isEnded()
    if (outcome.kind === 'refused') {
      end(outcome.close, outcome.close.ended)
    } else {
      live = outcome.live
      if (!isEnded()) phase = 'live'
      guard(() => pour(outcome.live))
      if (outcome.isReplaced) end(closes.replaced, closes.replaced.ended)
    }
    if (!wasEnded) return
    hold.clear()
    await finish()
  }

  /** What came while the call was looked for, up to its `stop` or the end of the connection. */
  const pour = (stream: LiveStream) => {
    const wasEnded = isEnded()
    for (const { message, arrivedAtMs } of hold.take()) {
      if (message === null) end(null, leftAs)
      else takeLive(stream, message, arrivedAtMs, clock.monotonicMs())
      if (message === null || message.kind === 'stop' || wasEnded !== isEnded()) return
    }
  }

  const takeLive = (
    stream: LiveStream,
    message: MediaMessage,
    arrivedAtMs: number,
    nowMs: number,
  ) => {
    switch (message.kind) {
      case 'media': {
        const taken = stream.media(message, arrivedAtMs, nowMs)
        if (taken === 'accept') deps.onFrame()
        else if (taken === 'duplicate') metrics.duplicated.inc()
        else end(closes.tooLong, closes.tooLong.ended)
        return
      }
      case 'dtmf':
        stream.note(message.sequenceNumber)
        if (message.digit === undefined) return
        stream.dtmf({ digit: message.digit, durationMs: message.durationMs ?? 0 })
        return
      case 'stop':
        end(closes.stop, message.reason ?? closes.stop.ended)
        return
      case 'start':
        if (started !== null && !isSameStart(started, message)) {
          end(closes.identity, closes.identity.ended)
        }
        return
      case 'connected':
        return
      case 'mark':
        stream.note(message.sequenceNumber)
        return
      case 'unknown':
      case 'bad_payload':
        stream.note(message.sequenceNumber)
        metrics.skipped.inc({ why: message.kind })
        return
    }
  }

  const takeOpening = (message: MediaMessage, arrivedAtMs: number) => {
    switch (message.kind) {
      case 'start':
        phase = 'binding'
        started = message
        times.hasStarted = true
        times.lastMediaMs = clock.monotonicMs()
        void begin(message)
        return
      case 'stop':
        end(closes.stop, closes.stop.ended)
        return
      case 'media':
      case 'dtmf':
        if (!hold.early({ message, arrivedAtMs })) metrics.skipped.inc({ why: 'before_start' })
        return
      case 'connected':
      case 'mark':
        return
      case 'unknown':
      case 'bad_payload':
        metrics.skipped.inc({ why: message.kind })
        return
    }
  }

  /** The connection is cut only when the flood goes on: before, that would cost the close its code. */
  const tooMany = (nowMs: number) => {
    if (!isEnded()) end(closes.flood, closes.flood.ended)
    else if (nowMs - endedAtMs >= FLOOD_AFTER_CLOSE_MS) socket.terminate()
  }

  const receive = (data: Buffer) => {
    const nowMs = clock.monotonicMs()
    if (flood.count(nowMs, data.length)) tooMany(nowMs)
    if (isEnded()) return
    const parsed = parseMediaMessage(data, defaults)
    if (parsed.kind === 'invalid_utf8') {
      end(closes.notUtf8, closes.notUtf8.ended)
      return
    }
    if (parsed.kind === 'not_json') {
      metrics.skipped.inc({ why: 'not_json' })
      notJson += 1
      if (notJson >= MAX_NOT_JSON) end(closes.notJson, closes.notJson.ended)
      return
    }
    const { message } = parsed
    const arrivedAtMs = clock.now()
    if (message.kind === 'media') times.lastMediaMs = nowMs
    if (phase === 'opening') {
      takeOpening(message, arrivedAtMs)
    } else if (live !== null && phase === 'live') {
      takeLive(live, message, arrivedAtMs, nowMs)
    } else {
      hold.keep({ message, arrivedAtMs })
      if (message.kind !== 'stop') return
      hasLeft = true
      stopWhileBinding ??= setTimeout(letGo, STOP_WITHIN_MS)
    }
  }

  /** The peer has said all it has to say: it need not wait longer for us to find its call. */
  const letGo = () => {
    if (phase === 'binding') socket.close(closes.stop.code, closes.stop.reason)
  }

  const guard = (work: () => void) => {
    try {
      work()
    } catch (error) {
      deps.log.error(errorFields(error), 'media socket fault')
      end(closes.fault, closes.fault.ended)
    }
  }

  const session: Session = {
    tick(nowMs) {
      if (phase === 'live') live?.tick(nowMs)
      if (nowMs < judgeAtMs) return
      judgeAtMs = nowMs + JUDGE_EVERY_MS
      if (cutIfDeaf(socket) || isEnded()) return
      const verdict = judgeLimits(times, nowMs)
      switch (verdict.kind) {
        case 'none':
          return
        case 'ping':
          times.lastPingMs = nowMs
          times.hasPong = false
          socket.ping()
          return
        case 'terminate':
          socket.terminate()
          return
        case 'close':
          end(verdict.close, verdict.close.ended)
          return
      }
    },
    close: (close) => guard(() => end(close, close.ended)),
    destroy: () => socket.terminate(),
    clock: () => live?.clock() ?? null,
    isOver: () => hasLeft || isEnded(),
    holdsAudio: () => hold.hasAudio(),
    settled: settled.promise,
    finished: done.promise,
  }

  socket.on('message', (data) => guard(() => receive(data as Buffer)))
  socket.on('ping', (data) => {
    guard(() => {
      const nowMs = clock.monotonicMs()
      if (flood.count(nowMs, data.length)) tooMany(nowMs)
      if (!isEnded() && !cutIfDeaf(socket)) socket.pong(data)
    })
  })
  socket.on('pong', () => {
    times.hasPong = true
  })
  // The library closes by itself after a fault of the protocol, with the code that says which.
  socket.on('error', () => guard(() => end(null, 'protocol_error')))
  socket.on('close', (code) => {
    guard(() => {
      leftAs = endedByPeer(code)
      hasLeft = true
      if (phase === 'binding') hold.keep({ message: null, arrivedAtMs: clock.now() })
      else end(null, leftAs)
    })
  })
  return session
}

/** A repeated `start` is the same stream's or nobody's. */
function isSameStart(a: MediaStart, b: MediaStart): boolean {
  return a.callSid === b.callSid && a.streamSid === b.streamSid
}
