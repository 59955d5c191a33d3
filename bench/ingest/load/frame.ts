import { randomBytes } from 'node:crypto'

/** 20 ms of 8 kHz 16-bit audio, the size Exotel really sends. */
const PCM_BYTES = 320
const FRAME_MS = 20
const FIN_TEXT = 0x81
const PING = 0x89
const MASKED = 0x80
const LENGTH_16 = 126
const MASK_BYTES = 4
/** First byte, length, 16-bit length, mask. */
const HEAD_BYTES = 8
/** First byte, length, mask, the moment it was sent as a double. */
const PING_BYTES = 14

/** Messages of one media socket in Exotel's captured spelling, masked as a client's frames are. */
export type FrameSource = {
  /** `connected` and `start`. */
  readonly opening: Buffer
  readonly closing: Buffer
  /** The next media message; the same memory each time unless `fresh`. */
  next(o: { fresh: boolean; pingAtMs: number | null }): Buffer
}

/** @param ids - 32 characters each, as Exotel's are */
export function createFrameSource(ids: {
  streamSid: string
  callSid: string
  from: string
}): FrameSource {
  const mask = randomBytes(MASK_BYTES)
  const payload = randomBytes(PCM_BYTES).toString('base64')
  const { streamSid, callSid, from } = ids
  let count = 0
  let digits = 0
  let memory = Buffer.alloc(0)
  let length = 0
  let places = { sequence: 0, chunk: 0, timestamp: 0 }

  const numbers = () => ({
    sequence: String(count + 1),
    chunk: String(count),
    timestamp: String(count * FRAME_MS),
  })

  /** Anew whenever a number has grown by a digit; between, digits are written in place. */
  const build = (at: ReturnType<typeof numbers>) => {
    const head = `{"event":"media","stream_sid":"${streamSid}","sequence_number":"`
    const beforeChunk = `${head}${at.sequence}","media":{"chunk":"`
    const beforeTime = `${beforeChunk}${at.chunk}","timestamp":"`
    const text = `${beforeTime}${at.timestamp}","payload":"${payload}"}}`
    places = {
      sequence: HEAD_BYTES + head.length,
      chunk: HEAD_BYTES + beforeChunk.length,
      timestamp: HEAD_BYTES + beforeTime.length,
    }
    const frame = textFrame(text, mask)
    length = frame.length
    memory = Buffer.concat([frame, Buffer.alloc(PING_BYTES)])
  }
  const write = (place: number, text: string) => {
    for (let at = 0; at < text.length; at += 1) {
      memory[place + at] = text.charCodeAt(at) ^ (mask[(place + at - HEAD_BYTES) & 3] ?? 0)
    }
  }

  return {
    opening: Buffer.concat([
      textFrame('{"event":"connected"}', mask),
      textFrame(
        JSON.stringify({
          event: 'start',
          sequence_number: '1',
          stream_sid: streamSid,
          start: {
            stream_sid: streamSid,
            call_sid: callSid,
            account_sid: 'bench',
            from,
            to: '08047000000',
            media_format: { encoding: 'base64', sample_rate: '8000', bit_rate: '128kbps' },
          },
        }),
        mask,
      ),
    ]),
    closing: textFrame(
      JSON.stringify({ event: 'stop', stop: { call_sid: callSid, reason: 'callended' } }),
      mask,
    ),
    next({ fresh, pingAtMs }) {
      count += 1
      const at = numbers()
      const wanted = at.sequence.length + at.chunk.length + at.timestamp.length
      if (wanted !== digits) {
        digits = wanted
        build(at)
      } else {
        if (fresh) memory = Buffer.from(memory)
        write(places.sequence, at.sequence)
        write(places.chunk, at.chunk)
        write(places.timestamp, at.timestamp)
      }
      if (pingAtMs === null) return memory.subarray(0, length)
      writePing(memory, length, pingAtMs)
      return memory
    },
  }
}

/** RFC 6455 §5.2. */
function textFrame(text: string, mask: Buffer): Buffer {
  const bytes = Buffer.from(text)
  const frame = Buffer.alloc(HEAD_BYTES + bytes.length)
  frame[0] = FIN_TEXT
  frame[1] = MASKED | LENGTH_16
  // Shorter ones may not be written so, and none that is sent often is shorter.
  if (bytes.length < LENGTH_16) return shortFrame(FIN_TEXT, bytes, mask)
  frame.writeUInt16BE(bytes.length, 2)
  mask.copy(frame, HEAD_BYTES - MASK_BYTES)
  for (const [at, byte] of bytes.entries()) frame[HEAD_BYTES + at] = byte ^ (mask[at & 3] ?? 0)
  return frame
}

/** Up to 125 bytes, masked. */
export function shortFrame(first: number, bytes: Buffer, mask: Buffer): Buffer {
  const masked = Buffer.from(bytes.map((byte, at) => byte ^ (mask[at & 3] ?? 0)))
  return Buffer.concat([Buffer.from([first, MASKED | bytes.length]), mask, masked])
}

/** Under a mask of zeros, which is one like any other and spares the work. */
function writePing(memory: Buffer, offset: number, atMs: number): void {
  memory[offset] = PING
  memory[offset + 1] = MASKED | 8
  memory.writeUInt32BE(0, offset + 2)
  memory.writeDoubleBE(atMs, offset + 6)
}
