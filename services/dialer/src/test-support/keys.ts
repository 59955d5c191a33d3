import {
  deriveServiceKeys,
  parseContentRing,
  parseMacRing,
  parseMasterRing,
  parseSealRing,
  type ServiceKeys,
} from '@callwire/crypto'

const master = (kid: string, byte: number) => `${kid}:${Buffer.alloc(32, byte).toString('base64')}`

/** Keys for tests alone, each made of one byte; the first seals. */
export function keysOf(...kids: [kid: string, byte: number][]): ServiceKeys {
  return deriveServiceKeys(parseMasterRing(kids.map((key) => master(...key)).join(',')))
}

export const serviceKeys = keysOf(['k1', 7])
export const sealRing = parseSealRing(serviceKeys.CREDENTIAL_SEAL_KEYS)
export const contentRing = parseContentRing(serviceKeys.CONTENT_KEYS)
export const callbackRing = parseMacRing(serviceKeys.CALLBACK_KEYS)
