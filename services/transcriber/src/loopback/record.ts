/** One word, or the end of an utterance, as the simulator wrote it. Times are on the simulator's stream clock. */
export type CaptionRecord =
  | {
      type: 'word'
      speaker: number
      utterance: number
      startMs: number
      endMs: number
      text: string
    }
  | {
      type: 'end'
      speaker: number
      utterance: number
      startMs: number
      endMs: number
      language: string
    }

const HEADER_BYTES = 12

/** Parses a record's bytes, or null when they are none. */
export function parseRecord(bytes: Buffer): CaptionRecord | null {
  if (bytes.length < HEADER_BYTES) return null
  const type = bytes.readUInt8(0)
  const common = {
    speaker: bytes.readUInt8(1),
    utterance: bytes.readUInt16BE(2),
    startMs: bytes.readUInt32BE(4),
    endMs: bytes.readUInt32BE(8),
  }
  const text = bytes.toString('utf8', HEADER_BYTES)
  if (type === 1) return { type: 'word', ...common, text }
  if (type === 2) return { type: 'end', ...common, language: text }
  return null
}
