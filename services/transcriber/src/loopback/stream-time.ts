/** Maps the simulator's clock to the connection's, which stands still where audio is missing. */
export type StreamTime = {
  /** A good frame: from `streamMs` on, add `offsetMs`. */
  at: (streamMs: number, offsetMs: number) => void
  onConnection: (streamMs: number) => number
}

/** Offsets kept: one per damage to the audio's length, and only the latest matter. */
const MAX_POINTS = 1_000

export function createStreamTime(): StreamTime {
  const points: { streamMs: number; offsetMs: number }[] = []
  return {
    at(streamMs, offsetMs) {
      if (points.at(-1)?.offsetMs === offsetMs) return
      points.push({ streamMs, offsetMs })
      if (points.length > MAX_POINTS) points.shift()
    },
    onConnection(streamMs) {
      const index = Math.max(
        0,
        points.findLastIndex((point) => point.streamMs <= streamMs),
      )
      const here = points[index]
      const next = points[index + 1]
      const mapped = streamMs + (here?.offsetMs ?? 0)
      // A moment inside a hole falls where the audio after the hole begins.
      const limit = next === undefined ? mapped : next.streamMs + next.offsetMs
      return Math.max(0, Math.min(mapped, limit))
    },
  }
}
