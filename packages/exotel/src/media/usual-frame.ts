import type { MediaFrame } from './media-message.ts'

/** Longer than the head of any frame that is spelt as usual. */
const HEAD_BYTES = 256
const head =
  /^\{"event":"media","stream_sid":"[\w-]{1,64}","sequence_number":"(\d{1,15})","media":\{"chunk":"(\d{1,15})","timestamp":"\d{1,15}","payload":"/
const tail = Buffer.from('"}}')
const PAD = '='.charCodeAt(0)

/**
 * A media message in the one spelling that captures of real calls have (others exist, and are read),
 * read without a parser: of the bytes that come in, nearly all are these. Null for anything else,
 * valid or not: that is read the long way, with the same outcome.
 */
export function readUsualFrame(data: Buffer): MediaFrame | null {
  const end = data.length - tail.length
  if (end <= 0 || data.compare(tail, 0, tail.length, end) !== 0) return null
  const numbers = head.exec(data.toString('latin1', 0, Math.min(HEAD_BYTES, end)))
  if (numbers === null) return null
  const payload = decode(data, numbers[0].length, end)
  if (payload === null) return null
  return {
    kind: 'media',
    payload,
    sequenceNumber: Number(numbers[1]),
    chunk: Number(numbers[2]),
  }
}

/**
 * Base64 with nothing else in it. Node's decoder passes over what is no base64; each character
 * passed over makes the outcome shorter than as many characters give, and that shows.
 */
function decode(data: Buffer, from: number, end: number): Buffer | null {
  let last = end
  while (last > from && end - last < 2 && data[last - 1] === PAD) last -= 1
  const characters = last - from
  // One character beyond a multiple of four is no byte: whether it was passed over would not show.
  if (characters <= 0 || characters % 4 === 1) return null
  const payload = Buffer.from(data.toString('latin1', from, last), 'base64')
  return payload.length === Math.floor((characters * 3) / 4) ? payload : null
}
