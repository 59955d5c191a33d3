/** Lets a few through at a time, in the order in which they came. */
export type Gate = {
  /** Resolves when there is room inside, with what leaves again; leaving twice is leaving once. */
  enter(): Promise<() => void>
}

/** @param room - how many may be inside at once */
export function createGate(room: number): Gate {
  const waiting: (() => void)[] = []
  let inside = 0

  const leaveOnce = () => {
    let left = false
    return () => {
      if (left) return
      left = true
      const next = waiting.shift()
      // Whoever is next takes the place as it is.
      if (next === undefined) inside -= 1
      else next()
    }
  }

  return {
    async enter() {
      if (inside < room) inside += 1
      else await new Promise<void>((resolve) => waiting.push(resolve))
      return leaveOnce()
    },
  }
}
