/** Who is at work on calls in this process. */
export type Seats = {
  /** A seat for a call of this tenant; false when all are taken, or all that one tenant may have. */
  take(tenantId: string): boolean
  leave(tenantId: string): void
  mayTake(tenantId: string): boolean
  isFull(): boolean
}

/**
 * Shares a process's seats between tenants: however slowly Exotel answers one of them, its calls
 * never hold all seats, and the others' go on.
 */
export function createSeats(o: { all: number; ofOneTenant: number }): Seats {
  const taken = new Map<string, number>()
  let all = 0
  const mayTake = (tenantId: string) => all < o.all && (taken.get(tenantId) ?? 0) < o.ofOneTenant
  return {
    mayTake,
    isFull: () => all >= o.all,
    take: (tenantId) => {
      if (!mayTake(tenantId)) return false
      all += 1
      taken.set(tenantId, (taken.get(tenantId) ?? 0) + 1)
      return true
    },
    leave: (tenantId) => {
      all -= 1
      const left = (taken.get(tenantId) ?? 0) - 1
      if (left > 0) taken.set(tenantId, left)
      else taken.delete(tenantId)
    },
  }
}
