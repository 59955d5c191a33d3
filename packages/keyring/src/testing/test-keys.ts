import {
  deriveServiceKeys,
  parseContentRing,
  parseMasterRing,
  parseOpenRing,
  parseSealRing,
  type ServiceKeys,
} from '@callwire/crypto'

/** The rings' texts with these keys, the first of them primary; one byte makes a key for tests. */
export function ringTexts(...kids: readonly string[]): ServiceKeys {
  const master = kids.map((kid) => `${kid}:${masterKey(kid)}`).join(',')
  return deriveServiceKeys(parseMasterRing(master))
}

export function ringsOf(...kids: readonly string[]) {
  const texts = ringTexts(...kids)
  return {
    sealRing: parseSealRing(texts.CREDENTIAL_SEAL_KEYS),
    credentialRing: parseOpenRing(texts.CREDENTIAL_OPEN_KEYS),
    contentRing: parseContentRing(texts.CONTENT_KEYS),
    webhookSealRing: parseSealRing(texts.WEBHOOK_SEAL_KEYS),
    webhookRing: parseOpenRing(texts.WEBHOOK_OPEN_KEYS),
  }
}

/** Of these rings those that a dialer holds. */
export function dialersRings(...kids: readonly string[]) {
  const { credentialRing, contentRing } = ringsOf(...kids)
  return { credentialRing, contentRing }
}

export type TestRings = ReturnType<typeof ringsOf>

function masterKey(kid: string): string {
  return Buffer.alloc(32, kid).toString('base64')
}
