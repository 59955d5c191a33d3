/**
 * Sockets that are admitted and have no stream yet, by tenant: the database does not know of them,
 * and they count all the same.
 */
export type Waiting = {
  /**
   * Takes a place for a socket of `owner`, its call or its one-time token; null when that is not
   * known yet. Gives the way to give it back, once however often it is called.
   */
  enter(tenantId: string, owner: string | null): () => void
  /**
   * As many calls as these sockets can be of, but for that of `exceptOwner`: another socket of a
   * call takes the place of the first.
   */
  count(tenantId: string, exceptOwner: string | null): number
}

export function createWaiting(): Waiting {
  const places = new Map<string, Set<{ owner: string | null }>>()
  return {
    enter(tenantId, owner) {
      const place = { owner }
      const own = places.get(tenantId) ?? new Set()
      places.set(tenantId, own.add(place))
      return () => {
        own.delete(place)
        if (own.size === 0 && places.get(tenantId) === own) places.delete(tenantId)
      }
    },
    count(tenantId, exceptOwner) {
      const owners = new Set<unknown>()
      for (const place of places.get(tenantId) ?? []) {
        if (place.owner === null || place.owner !== exceptOwner) owners.add(place.owner ?? place)
      }
      return owners.size
    },
  }
}
