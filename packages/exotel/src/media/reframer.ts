/** A stretch of unbroken audio and its place on the call's clock. */
export type PcmBlock = { pcm: Buffer; startMs: number }

export type Reframer = {
  /** Adds whole samples that begin at `startSample`; gives the blocks that are full now. */
  push(audio: { pcm: Buffer; startSample: number }): PcmBlock[]
  /** What is left over, shorter than a block; null when there is nothing. */
  flush(): PcmBlock | null
}

const bytesPerSample = 2
const defaultBlockMs = 100

/**
 * Cuts audio into blocks of 100 ms, without resampling. Audio that does not join what came
 * before (a gap) first ends the block under way, so that no block spans a hole.
 */
export function createReframer(o: { sampleRate: number; blockMs?: number }): Reframer {
  const blockSamples = Math.max(
    1,
    Math.floor((o.sampleRate * (o.blockMs ?? defaultBlockMs)) / 1000),
  )
  const blockBytes = blockSamples * bytesPerSample
  let pending: Buffer[] = []
  let pendingBytes = 0
  let pendingStart = 0

  const block = (pcm: Buffer, startSample: number): PcmBlock => ({
    pcm,
    startMs: Math.floor((startSample * 1000) / o.sampleRate),
  })

  const flush = (): PcmBlock | null => {
    if (pendingBytes === 0) return null
    const rest = block(Buffer.concat(pending), pendingStart)
    pendingStart += pendingBytes / bytesPerSample
    pending = []
    pendingBytes = 0
    return rest
  }

  return {
    flush,
    push: ({ pcm, startSample }) => {
      const blocks: PcmBlock[] = []
      if (pcm.length === 0) return blocks
      const joins = pendingStart + pendingBytes / bytesPerSample === startSample
      const rest = joins ? null : flush()
      if (rest !== null) blocks.push(rest)
      if (!joins) pendingStart = startSample
      pending.push(pcm)
      pendingBytes += pcm.length
      if (pendingBytes < blockBytes) return blocks
      const all = Buffer.concat(pending)
      let offset = 0
      for (; all.length - offset >= blockBytes; offset += blockBytes) {
        blocks.push(block(all.subarray(offset, offset + blockBytes), pendingStart))
        pendingStart += blockSamples
      }
      pending = offset < all.length ? [all.subarray(offset)] : []
      pendingBytes = all.length - offset
      return blocks
    },
  }
}
