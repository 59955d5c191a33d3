import { requireObjectKey } from '../object-key.ts'
import { objectMissing, RecordingStoreError } from '../recording-store-error.ts'
import { requireSize, type RecordingStore } from '../recording-store.ts'

export type MemoryStore = RecordingStore & {
  readonly objects: Map<string, Buffer>
  /** While it is away, everything fails as a store that does not answer. */
  away(isAway: boolean): void
  /** Runs before each put, with its key; what it throws is what the put fails with. */
  beforePut: ((key: string) => void | Promise<void>) | null
}

/** A store that keeps its objects in this process. */
export function memoryStore(): MemoryStore {
  const objects = new Map<string, Buffer>()
  let isAway = false
  const reach = async () => {
    await Promise.resolve()
    if (isAway) throw awayError()
  }
  const store: MemoryStore = {
    objects,
    beforePut: null,
    away(now) {
      isAway = now
    },
    async put(key, bytes) {
      requireSize(bytes)
      requireObjectKey(key)
      await reach()
      await store.beforePut?.(key)
      objects.set(key, Buffer.from(bytes))
    },
    async get(key) {
      await reach()
      const found = objects.get(requireObjectKey(key))
      if (found === undefined) throw objectMissing()
      return found
    },
    async remove(key) {
      await reach()
      objects.delete(requireObjectKey(key))
    },
    async list(prefix) {
      await reach()
      return [...objects.keys()].filter((key) => key.startsWith(prefix)).toSorted()
    },
    ping: reach,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
  return store
}

/** A store that never answers. */
export function brokenStore(): MemoryStore {
  const store = memoryStore()
  store.away(true)
  return store
}

function awayError(): RecordingStoreError {
  return new RecordingStoreError('recording_store_unreachable', 'The store of this test is away.')
}
