/**
 * Handshakes and plain requests of one client that are under way at once. One that opens many calls
 * in the same moment has its credentials judged in milliseconds each; these many take their time
 * only when the database does.
 */
export const UNPROVEN_PER_CLIENT = 64

/** Clients that have sent a request and not yet proven who they are, by address. */
export type Unproven = {
  /** Takes a place; false when the client has them all. */
  enter(client: string): boolean
  /** Gives back a place that was taken. */
  leave(client: string): void
}

export function createUnproven(most = UNPROVEN_PER_CLIENT): Unproven {
  const counts = new Map<string, number>()
  return {
    enter(client) {
      const count = counts.get(client) ?? 0
      if (count >= most) return false
      counts.set(client, count + 1)
      return true
    },
    leave(client) {
      const left = (counts.get(client) ?? 1) - 1
      if (left <= 0) counts.delete(client)
      else counts.set(client, left)
    },
  }
}
