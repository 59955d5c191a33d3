import { crc32 } from 'node:zlib'

/** The simulator's audio: 20 ms of 8 kHz s16le mono, with 160 bits of caption in the lowest bits. */
export const FRAME_SAMPLES = 160
export const FRAME_BYTES = FRAME_SAMPLES * 2
export const FRAME_MS = 20
const BLOCK_BYTES = 20
const MAGIC = 0xc7
/** From the magic's first sample to its last. */
const MAGIC_SPAN = 7 * 2
const MAX_PIECE = 11

export type CaptionFrame = {
  index: number
  piece: Buffer
  recordStarts: boolean
  recordEnds: boolean
}

/**
 * Reads the caption block of one frame, or null when these are not the bytes that the simulator made:
 * the checksum covers the sound as well, so one changed sample shows. Format: docs/formats/captions.md.
 *
 * @param pcm - at least {@link FRAME_BYTES} bytes from `offset`
 */
export function readFrame(pcm: Buffer, offset: number): CaptionFrame | null {
  if (offset + FRAME_BYTES > pcm.length || !startsWithMagic(pcm, offset)) return null
  const sound = Buffer.allocUnsafe(FRAME_BYTES)
  pcm.copy(sound, 0, offset, offset + FRAME_BYTES)
  const block = Buffer.alloc(BLOCK_BYTES)
  for (let i = 0; i < FRAME_SAMPLES; i += 1) {
    const low = sound[i * 2] ?? 0
    block[i >> 3] = ((block[i >> 3] ?? 0) << 1) | (low & 1)
    sound[i * 2] = low & 0xfe
  }
  const head = block.subarray(0, 16)
  if (crc32(head, crc32(sound)) !== block.readUInt32BE(16)) return null
  const flags = block.readUInt8(4)
  const length = flags & 0x0f
  if (length > MAX_PIECE) return null
  return {
    index: block.readUIntBE(1, 3),
    piece: Buffer.from(block.subarray(5, 5 + length)),
    recordStarts: (flags & 0x80) !== 0,
    recordEnds: (flags & 0x40) !== 0,
  }
}

/** Eight samples tell most misplaced offsets apart before the checksum is worth its price. */
function startsWithMagic(pcm: Buffer, offset: number): boolean {
  let byte = 0
  for (let i = 0; i < 8; i += 1) byte = (byte << 1) | ((pcm[offset + i * 2] ?? 0) & 1)
  return byte === MAGIC
}

/**
 * The first whole frame that begins at `from` or a number of samples behind it, up to `to`, or null.
 * Places are bytes. Each sample is read once, and few of other sound end in the magic's eight bits.
 */
export function findFrame(pcm: Buffer, from: number, to: number): number | null {
  const end = Math.min(to, pcm.length - FRAME_BYTES) + MAGIC_SPAN
  let lowBits = 0
  for (let at = from; at <= end; at += 2) {
    lowBits = ((lowBits << 1) | ((pcm[at] ?? 0) & 1)) & 0xff
    if (lowBits === MAGIC && readFrame(pcm, at - MAGIC_SPAN) !== null) return at - MAGIC_SPAN
  }
  return null
}
