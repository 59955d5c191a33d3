/** Maps a connection's clock, which counts samples sent on it, to the call's clock, which also counts holes. */
export type CallClock = {
  /** Says that the next `durationMs` sent on the connection were heard at `callMs`. */
  sent(callMs: number, durationMs: number): void
  /**
   * A moment on the edge of a hole is both before it and after it: say which is meant. Speech starts
   * after a hole and ends before one.
   */
  toCallMs(connectionMs: number, edge: 'before' | 'after'): number
}

/** Breakpoints kept: one per hole in the audio, and a call with more holes than this is noise. */
const MAX_BREAKPOINTS = 10_000

export function createCallClock(): CallClock {
  const points: { connectionMs: number; callMs: number }[] = []
  let sentMs = 0
  return {
    sent(callMs, durationMs) {
      const last = points.at(-1)
      const continues = last !== undefined && last.callMs + (sentMs - last.connectionMs) === callMs
      if (!continues && points.length < MAX_BREAKPOINTS)
        points.push({ connectionMs: sentMs, callMs })
      sentMs += durationMs
    },
    toCallMs(connectionMs, edge) {
      const reached = (at: number) => (edge === 'after' ? at <= connectionMs : at < connectionMs)
      const point = points.findLast((candidate) => reached(candidate.connectionMs)) ?? points[0]
      if (point === undefined) return Math.floor(connectionMs)
      return Math.floor(point.callMs + (connectionMs - point.connectionMs))
    },
  }
}
