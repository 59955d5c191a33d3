import { AppError } from '@callwire/runtime'

/**
 * Why the store of recordings did not do what it was asked.
 *
 * - `recording_store_unreachable`: no answer, "not now", or no room; may be asked again.
 * - `recording_store_denied`: it does not let us, whatever we ask.
 * - `recording_object_missing`: there is no such object.
 * - `recording_store_malformed`: what it answers or holds is not what it can be.
 */
export type RecordingStoreErrorCode =
  | 'recording_store_unreachable'
  | 'recording_store_denied'
  | 'recording_object_missing'
  | 'recording_store_malformed'

/** Says what happened and what to check; never a key of an account, an address or what the store said. */
export class RecordingStoreError extends AppError {
  declare readonly code: RecordingStoreErrorCode

  constructor(code: RecordingStoreErrorCode, message: string) {
    super({ code, message, retryable: code === 'recording_store_unreachable' })
  }
}

export function objectMissing(): RecordingStoreError {
  return new RecordingStoreError(
    'recording_object_missing',
    'The store of recordings has no such object.',
  )
}
