/**
 * Sockets that are admitted and have no stream yet, by tenant: the database does not know of them,
 * and they count all the same.
 */
export type Waiting = {
  /** Takes a place; gives the way to give it back, once however often it is called. */
  enter(tenantId: string): () => void
  count(tenantId: string): number
}

export function createWaiting(): Waiting {
  const counts = new Map<string, number>()
  return {
    enter(tenantId) {
      counts.set(tenantId, (counts.get(tenantId) ?? 0) + 1)
      let isIn = true
      return () => {
        if (!isIn) return
        isIn = false
        const left = (counts.get(tenantId) ?? 1) - 1
        if (left === 0) counts.delete(tenantId)
        else counts.set(tenantId, left)
      }
    },
    count: (tenantId) => counts.get(tenantId) ?? 0,
  }
}
