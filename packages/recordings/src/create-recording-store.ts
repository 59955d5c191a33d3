import { createFileStore } from './file-store.ts'
import type { RecordingStore } from './recording-store.ts'
import { createS3Store } from './s3/s3-store.ts'
import type { RecordingSettings } from './settings.ts'

/** One try may take so long: half a megabyte over a poor line. Who asks again is for the caller to say. */
const TRY_TIMEOUT_MS = 15_000

/** The store that RECORDINGS_URL names. Nothing is asked of it before the first call. */
export function createRecordingStore(
  settings: RecordingSettings,
  o: { timeoutMs?: number } = {},
): RecordingStore {
  const timeoutMs = o.timeoutMs ?? TRY_TIMEOUT_MS
  return settings.kind === 'file'
    ? createFileStore(settings.directory, timeoutMs)
    : createS3Store(settings, timeoutMs)
}
