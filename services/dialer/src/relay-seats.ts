/** Who is at work on calls in this process. */
export type Seats = {
  /** A seat for a call of this tenant; false when its next one is kept free for others. */
  take(tenantId: string): boolean
  leave(tenantId: string): void
  mayTake(tenantId: string): boolean
  isFull(): boolean
}

/**
 * Whether a tenant that holds seats already may have one more: nobody's n-th seat is taken when
 * fewer than n would stay free, so whoever comes next finds room for half as many at least. While
 * nobody else is at work there is more for the one that is, up to `alone`.
 *
 * @param seats.mine - taken by this tenant
 * @param seats.others - taken by all the others
 */
export function hasSeatLeft(
  seats: { mine: number; others: number },
  most: { all: number; alone: number },
): boolean {
  const { mine, others } = seats
  const freeAfter = most.all - mine - others - 1
  if (freeAfter < 0) return false
  // A first seat keeps nobody out: without it, one could not even be seen to need more.
  if (mine === 0 || mine + 1 <= freeAfter) return true
  return others === 0 && mine < most.alone
}

/**
 * Shares a process's seats between tenants by need: however slowly Exotel answers some of them, there
 * is room for another one, and who holds more than the others gets no more until they caught up.
 */
export function createSeats(most: { all: number; alone: number }): Seats {
  const taken = new Map<string, number>()
  let all = 0
  const mayTake = (tenantId: string) => {
    const mine = taken.get(tenantId) ?? 0
    return hasSeatLeft({ mine, others: all - mine }, most)
  }
  return {
    mayTake,
    isFull: () => all >= most.all,
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
