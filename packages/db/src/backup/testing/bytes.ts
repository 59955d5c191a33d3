/** Bytes as a stream, in chunks that meet no border of the format. */
export async function* inChunks(bytes: Uint8Array, size = 1_009): AsyncGenerator<Buffer> {
  for (let from = 0; from < bytes.length; from += size) {
    yield await Promise.resolve(Buffer.from(bytes.subarray(from, from + size)))
  }
}

export async function gathered(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = []
  for await (const chunk of chunks) all.push(chunk)
  return Buffer.concat(all)
}

/** Where the blocks of a file begin, and where the file ends. */
export function blockBorders(file: Buffer): number[] {
  const borders = [file.indexOf('\n', file.indexOf('\n') + 1) + 1]
  for (let at = borders[0] ?? 0; at < file.length;) {
    at += 5 + file.readUInt32BE(at + 1)
    borders.push(at)
  }
  return borders
}
