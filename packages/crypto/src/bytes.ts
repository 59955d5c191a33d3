import { CryptoError } from './errors.ts'

type Part = string | Uint8Array

const PREFIX_BYTES = 4
/** Of one UTF-16 code unit. */
const MAX_UTF8_BYTES = 3
const ABSENT = 0
const PRESENT = 1

/**
 * Joins parts so that no two different lists give the same bytes: before each part stands its
 * length in bytes as a big-endian unsigned 32-bit integer. Text is UTF-8.
 */
export function lengthPrefixed(...parts: readonly Part[]): Buffer {
  return joinParts(parts, [])
}

/** As `lengthPrefixed`; after `parts`, 0 stands for an optional part that is absent, 1 before one that is not. */
export function joinParts(
  parts: readonly Part[],
  optional: readonly (string | undefined)[],
): Buffer {
  let room = optional.length
  for (const part of parts) room += roomFor(part)
  for (const part of optional) if (part !== undefined) room += roomFor(part)
  const bytes = Buffer.allocUnsafe(room)
  let at = 0
  for (const part of parts) at = writePart(bytes, at, part)
  for (const part of optional) {
    at = bytes.writeUInt8(part === undefined ? ABSENT : PRESENT, at)
    if (part !== undefined) at = writePart(bytes, at, part)
  }
  return bytes.subarray(0, at)
}

/** UTF-8 of a text. A lone surrogate has none, and two such texts must not become the same bytes. */
export function utf8(text: string): Buffer {
  requireWellFormed(text)
  return Buffer.from(text, 'utf8')
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The text of UTF-8 bytes, or null when they are not UTF-8. A leading BOM is kept. */
export function textOf(bytes: Uint8Array): string | null {
  try {
    return strictUtf8.decode(bytes)
  } catch {
    return null
  }
}

/** What a part takes at most; asking for the exact length would read every text twice. */
function roomFor(part: Part): number {
  return PREFIX_BYTES + part.length * (typeof part === 'string' ? MAX_UTF8_BYTES : 1)
}

function writePart(bytes: Buffer, at: number, part: Part): number {
  const start = at + PREFIX_BYTES
  let length = part.length
  if (typeof part === 'string') {
    requireWellFormed(part)
    length = bytes.write(part, start)
  } else {
    bytes.set(part, start)
  }
  bytes.writeUInt32BE(length, at)
  return start + length
}

function requireWellFormed(text: string): void {
  if (!text.isWellFormed()) {
    throw new CryptoError('invalid_input', 'Text with a lone surrogate cannot be encoded')
  }
}
