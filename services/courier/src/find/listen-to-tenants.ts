import type { CourierDeps } from '../deps.ts'

export type TenantBells = AsyncDisposable & {
  /** Listens to these tenants and to no others. */
  follow(tenantIds: readonly string[]): Promise<void>
}

/** Hears that something happened to a tenant. It is for haste alone: what goes unheard is found. */
export function listenToTenants(
  d: Pick<CourierDeps, 'subscriber'>,
  onRing: (tenantId: string) => void,
): TenantBells {
  const followed = new Map<string, () => Promise<void>>()
  const leave = async (tenantId: string) => {
    const stop = followed.get(tenantId)
    followed.delete(tenantId)
    await stop?.()
  }
  return {
    follow: async (tenantIds) => {
      const wanted = new Set(tenantIds)
      const joined = [...wanted].filter((tenantId) => !followed.has(tenantId))
      const left = [...followed.keys()].filter((tenantId) => !wanted.has(tenantId))
      await Promise.all([
        ...joined.map(async (tenantId) => {
          followed.set(tenantId, await d.subscriber.onTenant(tenantId, () => onRing(tenantId)))
        }),
        ...left.map(leave),
      ])
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...followed.keys()].map(leave))
    },
  }
}
