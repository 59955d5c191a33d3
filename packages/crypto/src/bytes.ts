import { CryptoError } from './errors.ts'

/** A big-endian unsigned 32-bit integer. */
export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/**
 * Joins parts so that no two different lists give the same bytes: before each part stands its
 * length in bytes as a big-endian unsigned 32-bit integer. Text is UTF-8.
 */
export function lengthPrefixed(...parts: readonly (string | Uint8Array)[]): Buffer {
  return Buffer.concat(
    parts.flatMap((part) => {
      const bytes = typeof part === 'string' ? utf8(part) : part
      return [uint32(bytes.length), bytes]
    }),
  )
}

/** UTF-8 of a text. A lone surrogate has none, and two such texts must not become the same bytes. */
export function utf8(text: string): Buffer {
  if (!text.isWellFormed()) {
    throw new CryptoError('invalid_input', 'Text with a lone surrogate cannot be encoded')
  }
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
