export { createKeyService, type KeyService } from './key-service.ts'
export { KeyServiceError, type KeyServiceErrorCode } from './key-service-error.ts'
export { persistent } from './persistent.ts'
export { createRingOpener, unwrapRing, wrapEntry, type RingOpener } from './ring.ts'
export {
  keyServiceVariables,
  readKeyServiceSettings,
  type AwsKmsSettings,
  type KeyServiceSettings,
  type VaultSettings,
} from './settings.ts'
