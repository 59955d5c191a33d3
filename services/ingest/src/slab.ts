/** Forty blocks of 100 ms: what lies together in memory is let go within seconds of each other. */
const SLAB_BYTES = 64 * 1024

/**
 * Copies bytes that are kept for seconds into memory of their own. Where small buffers come from
 * otherwise, each would hold on to its neighbours, which are of use for a moment: three times as
 * much memory for a stream.
 */
export function createSlab(slabBytes: number = SLAB_BYTES): (bytes: Buffer) => Buffer {
  let slab = Buffer.allocUnsafeSlow(slabBytes)
  let used = 0
  return (bytes) => {
    if (bytes.length > slabBytes / 2) return Buffer.from(bytes)
    if (used + bytes.length > slabBytes) {
      slab = Buffer.allocUnsafeSlow(slabBytes)
      used = 0
    }
    const place = slab.subarray(used, used + bytes.length)
    used += bytes.length
    bytes.copy(place)
    return place
  }
}
