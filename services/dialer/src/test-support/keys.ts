import {
  deriveServiceKeys,
  parseContentRing,
  parseMacRing,
  parseMasterRing,
  parseSealRing,
} from '@callwire/crypto'

/** A key for tests alone. */
export const serviceKeys = deriveServiceKeys(
  parseMasterRing(`k1:${Buffer.alloc(32, 7).toString('base64')}`),
)
export const sealRing = parseSealRing(serviceKeys.CREDENTIAL_SEAL_KEYS)
export const contentRing = parseContentRing(serviceKeys.CONTENT_KEYS)
export const callbackRing = parseMacRing(serviceKeys.CALLBACK_KEYS)
