export type { ExotelAccount } from './account.ts'
export type { ActiveStreams } from './active-streams.ts'
export type { RateLimited, Rejected } from './answer.ts'
export {
  buildPlaceCall,
  defaultStreamBegin,
  placeCallForm,
  type DialAgent,
  type PlaceCallRequest,
} from './build-place-call.ts'
export type { ExotelCall, ExotelCallV3, Leg } from './call-details.ts'
export { callStatusOf } from './call-status.ts'
export {
  createExotelClient,
  type ActiveStreamsOutcome,
  type AskOutcome,
  type CallListFilter,
  type CheckOutcome,
  type DetailsOutcome,
  type DetailsV3Outcome,
  type ExotelClient,
  type ListOutcome,
} from './client.ts'
export { ExotelError, type ExotelErrorCode } from './exotel-error.ts'
export { normalizeExotelNumber } from './exotel-number.ts'
export { createdWindow, istTimestamp, parseExotelTime } from './exotel-time.ts'
export { isNamed, isShallow } from './fields.ts'
export { exotelHosts, type ExotelHosts } from './hosts.ts'
export {
  parsePassthru,
  passthruCustomField,
  passthruNumbers,
  withoutStreamUrl,
  type Passthru,
} from './passthru.ts'
export type { PlaceCallOutcome } from './place-call.ts'
export { parseStatusCallback, type ParsedCallback, type StatusCallback } from './status-callback.ts'
export {
  createFrameAccountant,
  LONGEST_CLOCK_MS,
  type FrameAccountant,
  type FrameCounters,
  type FrameResult,
  type Range,
} from './media/frame-accountant.ts'
export {
  parseMediaMessage,
  type MediaDefaults,
  type MediaFrame,
  type MediaMessage,
  type MediaStart,
  type ParsedMedia,
} from './media/media-message.ts'
export { sampleRateOfUrl } from './media/sample-rate.ts'
export { createReframer, type PcmBlock, type Reframer } from './media/reframer.ts'
