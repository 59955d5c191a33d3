import { crc32 } from 'node:zlib'

/** Format: docs/formats/captions.md. */
export const SAMPLES_PER_FRAME = 160
export const BLOCK_BYTES = 20
export const PIECE_BYTES = 11
const MAGIC = 0xc7
const RECORD_HEADER_BYTES = 12

export type CaptionRecord = {
  type: 'word' | 'utterance_end'
  speaker: number
  utterance: number
  startMs: number
  endMs: number
  /** The word, or the language tag of an utterance's end. */
  text: string
}

/** Part of a record that one frame carries. */
export type Piece = { first: boolean; last: boolean; bytes: Uint8Array }

/** How many frames a record with this text needs. */
export const framesForText = (text: string): number =>
  Math.ceil((RECORD_HEADER_BYTES + Buffer.byteLength(text)) / PIECE_BYTES)

export function encodeRecord(record: CaptionRecord): Buffer {
  const text = Buffer.from(record.text, 'utf8')
  const bytes = Buffer.alloc(RECORD_HEADER_BYTES + text.length)
  bytes.writeUInt8(record.type === 'word' ? 1 : 2, 0)
  bytes.writeUInt8(record.speaker, 1)
  bytes.writeUInt16BE(record.utterance, 2)
  bytes.writeUInt32BE(record.startMs, 4)
  bytes.writeUInt32BE(record.endMs, 8)
  text.copy(bytes, RECORD_HEADER_BYTES)
  return bytes
}

/** A record cut into pieces of at most eleven bytes, one per frame. */
export function cutRecord(record: CaptionRecord): Piece[] {
  const bytes = encodeRecord(record)
  const pieces: Piece[] = []
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    pieces.push({
      first: at === 0,
      last: at + PIECE_BYTES >= bytes.length,
      bytes: bytes.subarray(at, at + PIECE_BYTES),
    })
  }
  return pieces
}

/** The 16 bytes of a block that its checksum covers. */
function blockHead(index: number, piece: Piece | null): Buffer {
  const head = Buffer.alloc(16)
  head.writeUInt8(MAGIC, 0)
  head.writeUIntBE(index & 0xffffff, 1, 3)
  if (piece) {
    head.writeUInt8((piece.first ? 0x80 : 0) | (piece.last ? 0x40 : 0) | piece.bytes.length, 4)
    head.set(piece.bytes, 5)
  }
  return head
}

/**
 * One 20 ms frame, s16le, with a block in the low bits of its 160 samples.
 * `samples` are rounded by the write: only their lowest bits change.
 */
export function encodeFrame(samples: Int16Array, index: number, piece: Piece | null): Buffer {
  if (samples.length !== SAMPLES_PER_FRAME) throw new RangeError('a frame has 160 samples')
  const frame = Buffer.alloc(SAMPLES_PER_FRAME * 2)
  samples.forEach((sample, i) => frame.writeInt16LE(sample & ~1, i * 2))
  const head = blockHead(index, piece)
  const block = Buffer.alloc(BLOCK_BYTES)
  head.copy(block)
  block.writeUInt32BE(crc32(head, crc32(frame)), 16)
  for (let i = 0; i < SAMPLES_PER_FRAME; i += 1) {
    const bit = ((block[i >> 3] ?? 0) >> (7 - (i & 7))) & 1
    frame[i * 2] = (frame[i * 2] ?? 0) | bit
  }
  return frame
}
