import type { Found } from '@callwire/db'

/** Keys remembered at a time; one that was forgotten is found again. */
const MOST_KEYS = 10_000
/** Whoever notes a key's use has done so by then; until then others need not wait for its row. */
const NOTE_TAKES_MS = 5_000

/**
 * Which API key a hash belongs to, remembered: that never changes, so that the look across tenants
 * is needed once. Whether the key still counts is asked each time.
 */
export type KeyIds = {
  get(hash: string): Found | null
  set(hash: string, key: Found): void
  /** Whether this is the one, of those who found a key's use not noted, that notes it. */
  mayNote(id: string, nowMs: number): boolean
}

export function createKeyIds(): KeyIds {
  const keys = new Map<string, Found>()
  const notes = new Map<string, number>()
  return {
    get: (hash) => keys.get(hash) ?? null,
    set: (hash, key) => {
      if (keys.size >= MOST_KEYS) keys.clear()
      keys.set(hash, key)
    },
    mayNote: (id, nowMs) => {
      if (nowMs - (notes.get(id) ?? -Infinity) < NOTE_TAKES_MS) return false
      if (notes.size >= MOST_KEYS) notes.clear()
      notes.set(id, nowMs)
      return true
    },
  }
}
