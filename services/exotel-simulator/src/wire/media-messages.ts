import { type Call } from '../state/call.ts'
import { toWireNumber } from './phone-number.ts'

/** Bytes of one frame: 160 samples of 16 bits, 20 ms at 8 kHz. */
export const FRAME_BYTES = 320
export const FRAME_MS = 20

export const connectedMessage = (): string => JSON.stringify({ event: 'connected' })

/** `start` as captured from a real call: every number a string, no `custom_parameters` when there are none. */
export function startMessage(
  call: Call,
  streamSid: string,
  customParameters: Readonly<Record<string, string>>,
): string {
  const custom =
    Object.keys(customParameters).length > 0 ? { custom_parameters: customParameters } : {}
  return JSON.stringify({
    event: 'start',
    stream_sid: streamSid,
    sequence_number: '1',
    start: {
      stream_sid: streamSid,
      call_sid: call.sid,
      account_sid: call.accountSid,
      from: toWireNumber(call.from),
      to: toWireNumber(call.to),
      ...custom,
      media_format: { encoding: 'base64', sample_rate: '8000', bit_rate: '128kbps' },
    },
  })
}

/** `chunk` counts media messages from 1, `timestamp` is ms since the stream's start at the frame's end. */
export function mediaMessage(
  streamSid: string,
  at: { sequence: number; chunk: number },
  frame: Uint8Array,
): string {
  return JSON.stringify({
    event: 'media',
    stream_sid: streamSid,
    sequence_number: String(at.sequence),
    media: {
      chunk: String(at.chunk),
      timestamp: String(at.chunk * FRAME_MS),
      payload: Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength).toString('base64'),
    },
  })
}

export const markMessage = (streamSid: string, sequence: number, name: string): string =>
  JSON.stringify({
    event: 'mark',
    stream_sid: streamSid,
    sequence_number: String(sequence),
    mark: { name },
  })

export const dtmfMessage = (streamSid: string, sequence: number, digit: string): string =>
  JSON.stringify({
    event: 'dtmf',
    stream_sid: streamSid,
    sequence_number: String(sequence),
    dtmf: { digit, duration: '100' },
  })

export const stopMessage = (
  call: Call,
  streamSid: string,
  sequence: number,
  reason: 'callended' | 'stopped',
): string =>
  JSON.stringify({
    event: 'stop',
    stream_sid: streamSid,
    sequence_number: String(sequence),
    stop: { call_sid: call.sid, account_sid: call.accountSid, reason },
  })
