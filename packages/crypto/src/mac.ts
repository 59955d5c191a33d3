import type { KeyObject } from 'node:crypto'
import { toBase64url } from './base64.ts'
import { lengthPrefixed } from './bytes.ts'
import { constantTimeEqual } from './constant-time-equal.ts'
import { hmacSha256 } from './hkdf.ts'
import { macRings, type MacRing } from './rings/secret-rings.ts'

const FORMAT = 'cw1m'

/**
 * Authenticates a message for one purpose with the ring's primary key: HMAC-SHA256 as 43
 * characters of base64url, fit for a URL or a header.
 */
export function macToken(ring: MacRing, purpose: string, message: string): string {
  return tokenOf(macRings.reveal(ring).primary.key, purpose, message)
}

/** Whether any key of the ring made this token; takes the same time for every wrong one. */
export function verifyMacToken(
  ring: MacRing,
  purpose: string,
  message: string,
  token: string,
): boolean {
  let verified = false
  for (const key of macRings.reveal(ring).byId.values()) {
    if (constantTimeEqual(tokenOf(key, purpose, message), token)) verified = true
  }
  return verified
}

function tokenOf(key: KeyObject, purpose: string, message: string): string {
  return toBase64url(hmacSha256(key, lengthPrefixed(FORMAT, purpose, message)))
}
