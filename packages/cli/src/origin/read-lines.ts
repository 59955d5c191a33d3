import type { Readable } from 'node:stream'

/** A line of a file, by its number from 1; `text` is null when it is too long or not UTF-8. */
export type Line = {
  number: number
  text: string | null
  problem?: 'line_too_long' | 'not_utf8'
  /** Bytes of the file read so far. */
  bytesRead: number
}

const NEW_LINE = 0x0a

/**
 * The lines of a stream, one at a time: at most `maxBytes` of a line are ever held, and what is longer is passed
 * over to its end. A byte order mark, carriage returns and blank lines are not content.
 */
export async function* readLines(stream: Readable, maxBytes: number): AsyncGenerator<Line> {
  let parts: Buffer[] = []
  let length = 0
  let number = 0
  let bytesRead = 0
  const add = (part: Buffer) => {
    length += part.length
    if (length <= maxBytes) parts.push(part)
    else parts = []
  }
  const take = (): Line | null => {
    number += 1
    const line = lineOf(number, length > maxBytes ? null : Buffer.concat(parts), bytesRead)
    parts = []
    length = 0
    return line
  }
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    let from = 0
    for (let at = chunk.indexOf(NEW_LINE); at >= 0; at = chunk.indexOf(NEW_LINE, from)) {
      add(chunk.subarray(from, at))
      bytesRead += at + 1 - from
      from = at + 1
      const line = take()
      if (line !== null) yield line
    }
    add(chunk.subarray(from))
    bytesRead += chunk.length - from
  }
  const last = length === 0 ? null : take()
  if (last !== null) yield last
}

function lineOf(number: number, bytes: Buffer | null, bytesRead: number): Line | null {
  if (bytes === null) return { number, text: null, problem: 'line_too_long', bytesRead }
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: number > 1 }).decode(bytes)
  } catch {
    return { number, text: null, problem: 'not_utf8', bytesRead }
  }
  const content = text.trim()
  return content === '' ? null : { number, text: content, bytesRead }
}
