import type { Found } from '@callwire/db'

/** Keys remembered at a time; one that was forgotten is found again. */
const MOST_KEYS = 10_000

/**
 * Which API key a hash belongs to, remembered: that never changes, so that the look across tenants
 * is needed once. Whether the key still counts is asked each time.
 */
export type KeyIds = {
  get(hash: string): Found | null
  set(hash: string, key: Found): void
}

export function createKeyIds(): KeyIds {
  const keys = new Map<string, Found>()
  return {
    get: (hash) => keys.get(hash) ?? null,
    set: (hash, key) => {
      if (keys.size >= MOST_KEYS) keys.clear()
      keys.set(hash, key)
    },
  }
}
