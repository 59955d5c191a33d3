/** RIFF, one `fmt ` chunk of 16 bytes, one `data` chunk: what every player takes. */
export const WAV_HEADER_BYTES = 44

/** All our audio is mono, 16 bits, little-endian. */
export const BYTES_PER_SAMPLE = 2

const PCM = 1
const CHANNELS = 1
/** The sizes in a RIFF header are 32 bits. */
const MAX_DATA_BYTES = 0xffff_ffff - WAV_HEADER_BYTES
export const MAX_WAV_BYTES = WAV_HEADER_BYTES + MAX_DATA_BYTES

/** The header of a WAV of s16le mono. Throws RangeError beyond 4 GiB. */
export function wavHeader(o: { sampleRate: number; dataBytes: number }): Buffer {
  if (o.dataBytes > MAX_DATA_BYTES) throw new RangeError('A WAV holds at most 4 GiB')
  const header = Buffer.alloc(WAV_HEADER_BYTES)
  header.write('RIFF', 0)
  header.writeUInt32LE(WAV_HEADER_BYTES - 8 + o.dataBytes, 4)
  header.write('WAVEfmt ', 8)
  header.writeUInt32LE(16, 16)
  header.writeUInt16LE(PCM, 20)
  header.writeUInt16LE(CHANNELS, 22)
  header.writeUInt32LE(o.sampleRate, 24)
  header.writeUInt32LE(o.sampleRate * CHANNELS * BYTES_PER_SAMPLE, 28)
  header.writeUInt16LE(CHANNELS * BYTES_PER_SAMPLE, 32)
  header.writeUInt16LE(BYTES_PER_SAMPLE * 8, 34)
  header.write('data', 36)
  header.writeUInt32LE(o.dataBytes, 40)
  return header
}

/** A WAV of s16le mono samples. */
export function toWav(pcm: Uint8Array, sampleRate: number): Buffer {
  return Buffer.concat([wavHeader({ sampleRate, dataBytes: pcm.length }), pcm])
}

/** What `toWav` was given, or null for everything else. The samples are a view of the bytes. */
export function fromWav(wav: Buffer): { pcm: Buffer; sampleRate: number } | null {
  if (wav.length < WAV_HEADER_BYTES) return null
  const sampleRate = wav.readUInt32LE(24)
  const pcm = wav.subarray(WAV_HEADER_BYTES)
  const header = wav.subarray(0, WAV_HEADER_BYTES)
  if (pcm.length % BYTES_PER_SAMPLE !== 0) return null
  return wavHeader({ sampleRate, dataBytes: pcm.length }).equals(header)
    ? { pcm, sampleRate }
    : null
}
