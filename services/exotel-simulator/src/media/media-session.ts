import { type WebSocket } from 'ws'
import { z } from 'zod'
import { type ScriptAudio } from '../audio/script-audio.ts'
import { type Clock } from '../clock.ts'
import { type Call } from '../state/call.ts'
import { type Faults } from '../state/faults.ts'
import { FRAME_MS } from '../wire/media-messages.ts'
import {
  connectedMessage,
  dtmfMessage,
  markMessage,
  mediaMessage,
  startMessage,
  stopMessage,
} from '../wire/media-messages.ts'
import { framesDue, waitForNext } from './frame-schedule.ts'
import { outgoingFrames } from './outgoing-frames.ts'

/** A peer that has not read this much is as good as gone. */
const MAX_BUFFERED_BYTES = 4 * 1024 * 1024
/** How long the peer has to answer our close before the connection is dropped. */
const CLOSE_GRACE_MS = 5_000

/** `frames` of this socket. `takeover`: another socket of the call speaks from here on. */
export type MediaEnd = { by: 'script' | 'hangup' | 'peer' | 'fault' | 'takeover'; frames: number }

export type MediaDeps = { clock: Clock; faults: Faults }

export type MediaOrder = {
  call: Call
  streamSid: string
  audio: ScriptAudio
  /** Where the audio ends, since its first frame; after the script comes silence. */
  durationMs: number
  /** When the call's first frame began, on the monotonic clock. */
  startedMs: number
  /** The frame to begin with: earlier ones were another socket's, or nobody's. */
  firstFrame: number
  customParameters: Readonly<Record<string, string>>
  /** Aborts when the person hangs up or the time limit is reached. */
  hangup: AbortSignal
}

const PeerMessage = z.looseObject({
  event: z.string(),
  mark: z.looseObject({ name: z.string() }).optional(),
})

/** The name of a mark the peer sent; null for everything else it may say. */
function markName(data: unknown): string | null {
  try {
    const message = PeerMessage.parse(JSON.parse(String(data)))
    return message.event === 'mark' ? (message.mark?.name ?? null) : null
  } catch {
    return null
  }
}

export type MediaSession = {
  done: Promise<MediaEnd>
  sendDigit(digit: string): void
  /** Says no more, because another socket does; the connection stays until the peer closes it. */
  giveWay(): void
}

/**
 * Speaks a script into an open socket in real time: `connected`, `start`, a frame every 20 ms, `stop`, close.
 * A stalled sender catches up, because frames are counted from the start and not from each other. A call's later
 * sockets begin with what is spoken by then, and count their messages anew.
 */
export function startMedia(deps: MediaDeps, order: MediaOrder, socket: WebSocket): MediaSession {
  const { call, streamSid, audio, hangup } = order
  const { clock, faults } = deps
  const over = new AbortController()
  const given = new AbortController()
  const first = order.firstFrame
  let chunk = 0
  let extras = 0
  const sequence = () => 1 + chunk + extras
  const send = (text: string) => {
    if (socket.readyState === socket.OPEN) socket.send(text)
  }

  socket.on('close', () => over.abort())
  socket.on('message', (data: Buffer) => {
    const name = markName(data)
    if (name === null) return
    extras += 1
    send(markMessage(streamSid, sequence(), name))
  })

  const sendFrames = (index: number) => {
    const frameFaults = [
      ...faults.of('frame_altered', call),
      ...faults.of('frame_dropped', call),
      ...faults.of('frame_doubled', call),
      ...faults.of('frame_swapped', call),
    ]
    for (const outgoing of outgoingFrames(index, audio.frameAt, frameFaults)) {
      const number = outgoing.chunk - first
      chunk = Math.max(chunk, number)
      const at = { chunk: number, sequence: 1 + number + extras }
      send(mediaMessage(streamSid, at, outgoing.frame))
    }
  }

  const close = (withStop: boolean) => {
    if (withStop && faults.of('no_stop', call).length === 0) {
      extras += 1
      send(stopMessage(call, streamSid, sequence(), 'callended'))
    }
    socket.close(1000)
    setTimeout(() => socket.terminate(), CLOSE_GRACE_MS).unref()
  }

  const run = async (): Promise<MediaEnd> => {
    if (faults.of('no_connected', call).length === 0) send(connectedMessage())
    send(startMessage(call, streamSid, order.customParameters))
    const total = Math.ceil(order.durationMs / FRAME_MS)
    const stop = AbortSignal.any([over.signal, given.signal, hangup])
    const stalled = new Set<object>()
    let sent = first
    const end = (by: MediaEnd['by']): MediaEnd => ({ by, frames: sent - first })

    while (sent < total) {
      if (given.signal.aborted) return end('takeover')
      if (over.signal.aborted) return end('peer')
      if (hangup.aborted) break
      const sentMs = sent * FRAME_MS
      const stall = faults.of('stall', call).find((f) => f.afterMs <= sentMs && !stalled.has(f))
      if (stall) {
        stalled.add(stall)
        await clock.sleep(stall.ms, stop)
        continue
      }
      if (faults.of('media_cut', call).some((fault) => fault.afterMs <= sentMs)) {
        socket.terminate()
        return end('fault')
      }
      if (socket.bufferedAmount > MAX_BUFFERED_BYTES) {
        socket.terminate()
        return end('peer')
      }
      const elapsed = clock.monotonicMs() - order.startedMs
      if (framesDue(elapsed) > sent) {
        sendFrames(sent)
        sent += 1
      } else await clock.sleep(waitForNext(elapsed, sent), stop)
    }
    const by = hangup.aborted ? 'hangup' : 'script'
    close(true)
    return end(by)
  }

  return {
    done: run(),
    sendDigit(digit) {
      extras += 1
      send(dtmfMessage(streamSid, sequence(), digit))
    },
    giveWay: () => given.abort(),
  }
}
