export { blindIndex } from './blind-index.ts'
export { constantTimeEqual } from './constant-time-equal.ts'
export { openContent, resealContent, sealContent } from './content.ts'
export type { SealContext } from './context.ts'
export { openCredential, resealCredential, sealCredential } from './credential.ts'
export {
  createDataKey,
  openDataKey,
  openWithDataKey,
  rewrapDataKey,
  sealWithDataKey,
  type DataKey,
  type DataKeyContext,
} from './data-key.ts'
export { CryptoError, type CryptoErrorCode } from './errors.ts'
export { sealedKeyId, type Sealed } from './format.ts'
export { macToken, verifyMacToken } from './mac.ts'
export { deriveServiceKeys, type ServiceKeys } from './rings/derive-service-keys.ts'
export { parseOpenRing, parseSealRing, type OpenRing, type SealRing } from './rings/hpke-rings.ts'
export { describeRing, masterKeyIds, rearrangeRing, type KeyRing } from './rings/live-rings.ts'
export type { Arrangement } from './rings/ring.ts'
export type { RingDescription } from './rings/ring-kind.ts'
export {
  parseContentRing,
  parseMacRing,
  parseMasterRing,
  type ContentRing,
  type MacRing,
  type MasterRing,
} from './rings/secret-rings.ts'
export { createSealedDataKey, openSealedDataKey } from './sealed-data-key.ts'
export {
  createStreamKey,
  openBlock,
  sealBlock,
  type BlockPlace,
  type StreamKey,
} from './stream-key.ts'
export { MAX_OBJECT_BYTES, openObject, sealObject } from './sealed-object.ts'
export { randomToken, sha256Hex } from './token.ts'
