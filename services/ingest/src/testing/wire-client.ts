import { WebSocket } from 'ws'

/** 20 ms of 8 kHz 16-bit PCM: what Exotel sends in one message. */
export const FRAME_BYTES = 320

/** Audio that differs in every sample, so that a lost or doubled one shows. */
export function pcmOf(frames: number, seed = 0): Buffer {
  const pcm = Buffer.alloc(frames * FRAME_BYTES)
  for (let i = 0; i < pcm.length / 2; i += 1) pcm.writeInt16LE(((i + seed) * 7919) % 32_749, i * 2)
  return pcm
}

export const connectedText = '{"event":"connected"}'

export function startText(o: {
  callSid?: string
  streamSid?: string
  from?: string
  custom?: Record<string, string>
  sampleRate?: string
}): string {
  const stream_sid = o.streamSid ?? '335754664a4c4a3aa9a3a1b1c118bl'
  return JSON.stringify({
    event: 'start',
    stream_sid,
    sequence_number: '1',
    start: {
      stream_sid,
      ...(o.callSid === undefined ? {} : { call_sid: o.callSid }),
      account_sid: 'acme1',
      from: o.from ?? '09876543210',
      to: '08012345678',
      ...(o.custom === undefined ? {} : { custom_parameters: o.custom }),
      media_format: {
        encoding: 'base64',
        sample_rate: o.sampleRate ?? '8000',
        bit_rate: '128kbps',
      },
    },
  })
}

export function mediaText(sequence: number, payload: Buffer): string {
  return JSON.stringify({
    event: 'media',
    stream_sid: '335754664a4c4a3aa9a3a1b1c118bl',
    sequence_number: String(sequence),
    media: {
      chunk: String(sequence - 1),
      timestamp: String((sequence - 2) * 20),
      payload: payload.toString('base64'),
    },
  })
}

export function stopText(reason = 'callended'): string {
  return JSON.stringify({
    event: 'stop',
    stream_sid: '335754664a4c4a3aa9a3a1b1c118bl',
    sequence_number: '9999',
    stop: { call_sid: 'x', account_sid: 'acme1', reason },
  })
}

/** The frames of `pcm` as messages, numbered on from `sequence`. */
export function mediaTexts(pcm: Buffer, sequence = 2): string[] {
  const texts: string[] = []
  for (let at = 0; at < pcm.length; at += FRAME_BYTES) {
    texts.push(mediaText(sequence + at / FRAME_BYTES, pcm.subarray(at, at + FRAME_BYTES)))
  }
  return texts
}

export type WireClient = {
  socket: WebSocket
  send(...texts: (string | Buffer)[]): void
  closed: Promise<{ code: number; reason: string }>
}

/** Opens a media socket as Exotel would. Rejects with the HTTP status when it is refused. */
export async function dial(url: string, headers: Record<string, string> = {}): Promise<WireClient> {
  const socket = new WebSocket(url, { headers, perMessageDeflate: false })
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }))
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('unexpected-response', (_request, response) => {
      reject(new Error(`refused ${response.statusCode ?? 0}`))
      socket.terminate()
    })
    socket.on('error', (error) => reject(error))
  })
  return {
    socket,
    send: (...texts) => {
      for (const text of texts) socket.send(text)
    },
    closed,
  }
}

export function basic(key: string, token: string): Record<string, string> {
  return { authorization: `Basic ${Buffer.from(`${key}:${token}`).toString('base64')}` }
}
