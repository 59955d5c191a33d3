import type { EndpointId } from '../deps.ts'
import type { Limits } from '../limits.ts'

type Bounds = Pick<Limits, 'lanes' | 'lanesPerEndpoint' | 'lanesPerFailing' | 'lanesPerTenant'>

/**
 * How many messages are on their way, to whom. One endpoint that answers slowly, or one tenant with
 * many of them, takes its own share of the lanes and nobody else's; one that fails takes a single
 * lane, to try whether it is back.
 */
export type Lanes = {
  /** How many more may be on their way in all. */
  free(): number
  /** Ids of endpoints and tenants that have all they may have. */
  busy(): string[]
  size(): number
  /** Takes a lane; false when there is none for this endpoint, or the message has one. */
  enter(messageId: string, to: EndpointId): boolean
  leave(messageId: string): void
  /** How the last attempt at an endpoint went. */
  heard(endpointId: string, failing: boolean): void
}

export function createLanes(bounds: Bounds): Lanes {
  const messages = new Map<string, EndpointId>()
  const counts = new Map<string, number>()
  const failing = new Set<string>()

  const add = (id: string, by: number) => {
    const count = (counts.get(id) ?? 0) + by
    if (count === 0) counts.delete(id)
    else counts.set(id, count)
  }
  const most = (id: string) => {
    if (id.startsWith('ten_')) return bounds.lanesPerTenant
    return failing.has(id) ? bounds.lanesPerFailing : bounds.lanesPerEndpoint
  }
  const isFull = (id: string) => (counts.get(id) ?? 0) >= most(id)

  return {
    free: () => bounds.lanes - messages.size,
    busy: () => [...counts.keys()].filter(isFull),
    size: () => messages.size,
    enter: (messageId, { tenantId, endpointId }) => {
      if (messages.size >= bounds.lanes || messages.has(messageId)) return false
      if (isFull(tenantId) || isFull(endpointId)) return false
      messages.set(messageId, { tenantId, endpointId })
      add(tenantId, 1)
      add(endpointId, 1)
      return true
    },
    leave: (messageId) => {
      const to = messages.get(messageId)
      if (to === undefined) return
      messages.delete(messageId)
      add(to.tenantId, -1)
      add(to.endpointId, -1)
    },
    heard: (endpointId, fails) => {
      if (fails) failing.add(endpointId)
      else failing.delete(endpointId)
    },
  }
}
