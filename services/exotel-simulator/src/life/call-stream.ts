import { type WebSocket } from 'ws'
import { type ScriptAudio } from '../audio/script-audio.ts'
import { type Clock } from '../clock.ts'
import { framesDue } from '../media/frame-schedule.ts'
import { type MediaEnd, type MediaSession, startMedia } from '../media/media-session.ts'
import { type Handshake, openSocket, streamTarget } from '../media/open-socket.ts'
import { resolveStream } from '../media/resolve-stream.ts'
import { type Call } from '../state/call.ts'
import { type Faults } from '../state/faults.ts'
import { hostOf, type TruthLog } from '../state/truth-log.ts'
import { makeSid } from '../wire/sid.ts'

/** How a call's stream ended: as its socket did, or there was none to have, or it never came up. */
export type StreamEnd = MediaEnd | { by: 'no_stream' | 'failed'; frames: 0 }

export type CallStreams = {
  stream: (call: Call, talkMs: number, hangup: AbortSignal) => Promise<StreamEnd>
  sendDigit(callSid: string, digit: string): boolean
  /** Opens another socket for the call, which takes over once it is open. False when there is none to take over from. */
  takeOver(callSid: string): boolean
  activeCount(accountSid: string): number
}

/** Pause before the one repeated handshake. */
const RETRY_MS = 200

type Entry = { call: Call; session: MediaSession | null; takeOver: () => void }

/** Opens and feeds the media sockets of calls. */
export function createCallStreams(deps: {
  clock: Clock
  faults: Faults
  log: TruthLog
  audioOf(call: Call): ScriptAudio
  flowUrl(appId: string): string | null
  streamLimit(accountSid: string): number
}): CallStreams {
  const { clock, faults, log } = deps
  const sessions = new Map<string, Entry>()

  const note = (call: Call, event: string, detail: Record<string, unknown>) =>
    log.add({ kind: 'stream', accountSid: call.accountSid, callSid: call.sid, event, ...detail })

  async function streamUrl(call: Call): Promise<string | null> {
    if (call.streamUrl !== null || call.appId === null) return call.streamUrl
    const applet = deps.flowUrl(call.appId)
    if (applet === null) return null
    const resolved = await resolveStream(applet, call, clock.now())
    if (resolved.kind === 'stream') return resolved.url
    note(call, 'unresolved', { reason: resolved.reason })
    return null
  }

  /** One attempt and, if it fails, one more. */
  async function handshake(call: Call, url: string, signal: AbortSignal): Promise<Handshake> {
    const broken = Math.max(0, ...faults.of('handshake_fail', call).map((f) => f.attempts))
    let result: Handshake = { kind: 'failed', reason: 'none' }
    for (let attempt = 1; attempt <= 2; attempt += 1) {
      if (attempt > 1) await clock.sleep(RETRY_MS, signal)
      result = await openSocket(streamTarget(url), signal)
      if (result.kind === 'open' && attempt <= broken) {
        result.socket.terminate()
        result = { kind: 'failed', reason: 'fault' }
      }
      const reason = result.kind === 'failed' ? { reason: result.reason } : {}
      note(call, 'handshake', { attempt, host: hostOf(url), outcome: result.kind, ...reason })
      if (result.kind === 'open') break
    }
    return result
  }

  /** The customer's parameters: the URL's query and, in a flow, the CustomField read as one. */
  function parameters(call: Call, url: string): Record<string, string> {
    const fromField =
      call.mode === 'flow' && call.customField !== null
        ? Object.fromEntries(new URLSearchParams(call.customField))
        : {}
    return { ...streamTarget(url).customParameters, ...fromField }
  }

  const activeCount = (accountSid: string): number =>
    [...sessions.values()].filter(({ call }) => call.accountSid === accountSid).length

  /** The call's sockets one after another: the first, those that take over, and those that come back. */
  async function speak(
    entry: Entry,
    o: { url: string; talkMs: number; hangup: AbortSignal },
  ): Promise<StreamEnd> {
    const { call } = entry
    const { url, talkMs, hangup } = o
    let opened = await handshake(call, url, hangup)
    const startedMs = clock.monotonicMs()
    let firstFrame = 0
    for (;;) {
      let end: StreamEnd = { by: 'failed', frames: 0 }
      let next: Handshake | null = null
      if (opened.kind === 'open') {
        const { streamSid, session } = begin(entry, opened.socket, { ...o, startedMs, firstFrame })
        next = await nextSocket(entry, session, () => handshake(call, url, hangup))
        if (next !== null) session.giveWay()
        end = await session.done
        note(call, 'end', { streamSid, by: end.by, frames: end.frames })
        firstFrame += end.frames
      }
      const isLost = end.by === 'peer' || end.by === 'fault' || end.by === 'failed'
      const [back] = isLost ? faults.of('comes_back', call) : []
      if (next === null && back === undefined) return end
      if (next === null) {
        await clock.sleep(back?.afterMs ?? 0, hangup)
        if (hangup.aborted || clock.monotonicMs() - startedMs >= talkMs) return end
        next = await handshake(call, url, hangup)
        // What was spoken meanwhile is gone.
        firstFrame = framesDue(clock.monotonicMs() - startedMs)
      }
      opened = next
    }
  }

  function begin(
    entry: Entry,
    socket: WebSocket,
    o: {
      url: string
      talkMs: number
      hangup: AbortSignal
      startedMs: number
      firstFrame: number
    },
  ): { streamSid: string; session: MediaSession } {
    const { call } = entry
    const { talkMs: durationMs, hangup, startedMs, firstFrame } = o
    const streamSid = makeSid()
    const order = {
      ...{ call, streamSid, audio: deps.audioOf(call), durationMs, startedMs, firstFrame, hangup },
      customParameters: parameters(call, o.url),
    }
    note(call, 'start', { streamSid, script: call.scriptName, firstFrame })
    socket.once('close', (code: number) => note(call, 'closed', { streamSid, code }))
    const session = startMedia({ clock, faults }, order, socket)
    entry.session = session
    return { streamSid, session }
  }

  /** An open socket to take over from this session, when one is asked for before its end. */
  async function nextSocket(
    entry: Entry,
    session: MediaSession,
    open: () => Promise<Handshake>,
  ): Promise<Handshake | null> {
    for (;;) {
      const asked = Promise.withResolvers<'asked'>()
      entry.takeOver = () => asked.resolve('asked')
      if ((await Promise.race([session.done, asked.promise])) !== 'asked') return null
      const opened = await open()
      if (opened.kind === 'open') return opened
    }
  }

  return {
    async stream(call, talkMs, hangup) {
      const url = await streamUrl(call)
      if (url === null) return { by: 'no_stream', frames: 0 }
      if (activeCount(call.accountSid) >= deps.streamLimit(call.accountSid)) {
        note(call, 'throttled', { reason: 'Streaming_call_throttled' })
        return { by: 'failed', frames: 0 }
      }
      const entry: Entry = { call, session: null, takeOver: () => undefined }
      sessions.set(call.sid, entry)
      try {
        return await speak(entry, { url, talkMs, hangup })
      } finally {
        sessions.delete(call.sid)
      }
    },
    sendDigit(callSid, digit) {
      const session = sessions.get(callSid)?.session
      session?.sendDigit(digit)
      return session !== undefined && session !== null
    },
    takeOver(callSid) {
      const entry = sessions.get(callSid)
      entry?.takeOver()
      return entry !== undefined && entry.session !== null
    },
    activeCount,
  }
}
