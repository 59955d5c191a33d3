// For tests: reads captions as docs/formats/captions.md describes them, apart from the encoder.
export type Decoded = { index: number; flags: number; piece: Buffer }
export type DecodedRecord = {
  type: number
  speaker: number
  utterance: number
  startMs: number
  endMs: number
  text: string
  /** Index of the frame that completed it. */
  doneAt: number
}

const CRC_TABLE = Array.from({ length: 256 }, (_, n) => {
  let value = n
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
  return value >>> 0
})

export function crc(bytes: Uint8Array): number {
  let value = 0xffffffff
  for (const byte of bytes) value = (CRC_TABLE[(value ^ byte) & 0xff] ?? 0) ^ (value >>> 8)
  return (value ^ 0xffffffff) >>> 0
}

export function blockOf(frame: Buffer): Buffer {
  const block = Buffer.alloc(20)
  for (let sample = 0; sample < 160; sample += 1) {
    const bit = (frame[sample * 2] ?? 0) & 1
    block[sample >> 3] = (block[sample >> 3] ?? 0) | (bit << (7 - (sample & 7)))
  }
  return block
}

/** The frame's caption, null when magic or checksum is wrong. */
export function decodeFrame(frame: Buffer): Decoded | null {
  const block = blockOf(frame)
  const quiet = Buffer.from(frame.map((byte, at) => (at % 2 === 0 ? byte & 0xfe : byte)))
  const sum = crc(Buffer.concat([quiet, block.subarray(0, 16)]))
  if (block[0] !== 0xc7 || block.readUInt32BE(16) !== sum) return null
  const flags = block[4] ?? 0
  return { index: block.readUIntBE(1, 3), flags, piece: block.subarray(5, 5 + (flags & 15)) }
}

export function decodeRecords(frames: readonly Buffer[]): DecodedRecord[] {
  const records: DecodedRecord[] = []
  let open: Buffer[] | null = null
  for (const frame of frames) {
    const decoded = decodeFrame(frame)
    if (!decoded || (decoded.flags & 15) === 0) continue
    if (decoded.flags & 0x80) open = []
    open?.push(decoded.piece)
    if (!open || !(decoded.flags & 0x40)) continue
    const bytes = Buffer.concat(open)
    open = null
    records.push({
      ...{ type: bytes[0] ?? 0, speaker: bytes[1] ?? 0, utterance: bytes.readUInt16BE(2) },
      ...{ startMs: bytes.readUInt32BE(4), endMs: bytes.readUInt32BE(8) },
      ...{ text: bytes.toString('utf8', 12), doneAt: decoded.index },
    })
  }
  return records
}
