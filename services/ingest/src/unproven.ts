import type { Clock } from '@callwire/runtime'

/**
 * Handshakes and plain requests of one client that are judged at once. Each takes milliseconds, so
 * that these many take their time only when the database does.
 */
export const UNPROVEN_PER_CLIENT = 64
/** How many more of one client may wait for a place: calls come in bursts, and from few addresses. */
const WAITING_PER_CLIENT = 256
/** How long they wait. Exotel gives a handshake ten seconds, and half of that is for judging it. */
const WAIT_MS = 2_000

/** Clients that have sent a request and not yet proven who they are, by address. */
export type Unproven = {
  /** Takes a place, waiting for one a little; false when the client has too many. */
  enter(client: string): Promise<boolean>
  /** Gives back a place that was taken: to whoever has waited longest. */
  leave(client: string): void
}

type Line = { taken: number; waiting: Set<() => void> }

export function createUnproven({ clock }: { clock: Pick<Clock, 'sleep'> }): Unproven {
  const lines = new Map<string, Line>()

  const wait = async (line: Line): Promise<boolean> => {
    const turn = new AbortController()
    const take = () => turn.abort()
    line.waiting.add(take)
    const isTurn = await clock.sleep(WAIT_MS, turn.signal).then(
      () => false,
      () => true,
    )
    // A turn may have come in the same moment as the end of the wait.
    return isTurn || !line.waiting.delete(take)
  }

  return {
    async enter(client) {
      const line = lines.get(client) ?? { taken: 0, waiting: new Set() }
      lines.set(client, line)
      if (line.taken < UNPROVEN_PER_CLIENT) {
        line.taken += 1
        return true
      }
      return line.waiting.size < WAITING_PER_CLIENT && wait(line)
    },
    leave(client) {
      const line = lines.get(client)
      if (line === undefined) return
      const [next] = line.waiting
      if (next !== undefined) {
        line.waiting.delete(next)
        next()
        return
      }
      line.taken -= 1
      if (line.taken === 0) lines.delete(client)
    },
  }
}
