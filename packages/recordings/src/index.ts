export {
  createPartCutter,
  PART_MS,
  type Block,
  type Part,
  type PartCutter,
} from './audio/cut-parts.ts'
export {
  layOut,
  soundOf,
  stretches,
  type PartPlace,
  type Placed,
  type Playback,
  type Stretch,
} from './audio/playback.ts'
export { fromWav, MAX_WAV_BYTES, toWav, wavHeader, WAV_HEADER_BYTES } from './audio/wav.ts'
export { createRecordingStore } from './create-recording-store.ts'
export { fenceOfPart, isObjectKey, partKey, partPrefix, type PartName } from './object-key.ts'
export { persistently } from './persistent.ts'
export { RecordingStoreError, type RecordingStoreErrorCode } from './recording-store-error.ts'
export type { RecordingStore } from './recording-store.ts'
export {
  absoluteRecordingsUrl,
  awsVariables,
  isRecordingsUrl,
  recordingSettings,
  recordingVariables,
  type RecordingSettings,
} from './settings.ts'
