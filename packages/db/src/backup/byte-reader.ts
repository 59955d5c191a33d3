const NEWLINE = 0x0a

/** Takes exact numbers of bytes from a stream of chunks of any size. */
export type ByteReader = {
  /** The next `length` bytes; null when fewer are left. */
  take(length: number): Promise<Buffer | null>
  /** The next line with its line feed; null when there is none within `most` bytes. */
  takeLine(most: number): Promise<Buffer | null>
  /** Whether nothing is left. */
  atEnd(): Promise<boolean>
}

export function createByteReader(source: AsyncIterable<Uint8Array>): ByteReader {
  const chunks = source[Symbol.asyncIterator]()
  let held: Buffer[] = []
  let size = 0

  const fetch = async () => {
    const next = await chunks.next()
    if (next.done === true) return false
    held.push(Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength))
    size += next.value.byteLength
    return true
  }
  const joined = () => {
    const all = held.length === 1 ? held[0] : undefined
    return all ?? Buffer.concat(held)
  }
  const cut = (all: Buffer, length: number) => {
    held = length < all.length ? [all.subarray(length)] : []
    size = all.length - length
    return all.subarray(0, length)
  }

  return {
    async take(length) {
      while (size < length) if (!(await fetch())) return null
      return cut(joined(), length)
    },
    async takeLine(most) {
      for (;;) {
        const all = joined()
        const end = all.subarray(0, most).indexOf(NEWLINE)
        if (end >= 0) return cut(all, end + 1)
        if (all.length >= most || !(await fetch())) return null
      }
    },
    async atEnd() {
      while (size === 0) if (!(await fetch())) return true
      return false
    },
  }
}
