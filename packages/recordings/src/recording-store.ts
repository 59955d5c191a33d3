/** The longest object that is ever put or got. */
export const MAX_STORED_BYTES = 9 * 1_048_576

/**
 * Where sealed audio is kept: whole objects under keys of `isObjectKey`. Every failure is a
 * RecordingStoreError; a key or a size that cannot be is a TypeError.
 */
export type RecordingStore = AsyncDisposable & {
  /** Replaces what was there. When it resolves, the object outlives a crash. */
  put(key: string, bytes: Uint8Array, o?: { signal?: AbortSignal }): Promise<void>
  /** Throws `recording_object_missing`. */
  get(key: string, o?: { signal?: AbortSignal }): Promise<Buffer>
  /** Nothing to remove is fine. */
  remove(key: string): Promise<void>
  /** The keys that begin so; the prefix ends within or right after a name, never before its first character. At most 10 000. */
  list(prefix: string): Promise<string[]>
  /** Whether it answers and lets us in. */
  ping(): Promise<void>
}

export function requireSize(bytes: Uint8Array): void {
  if (bytes.length === 0 || bytes.length > MAX_STORED_BYTES) {
    throw new TypeError('An object is neither empty nor longer than 9 MiB')
  }
}
