import { sha256Hex } from '@callwire/crypto'
import type { Random } from '@callwire/runtime'

const API_KEY_BYTES = 32
const apiKeyForm = /^cw_[A-Za-z0-9_-]{43}$/
const HINT_LETTERS = 4

/**
 * A new API key: the secret to show once, its SHA-256 (hex) to keep, and its last letters to tell
 * keys apart. The secret has 256 random bits, so a plain hash is enough.
 */
export function mintApiKey(random: Random): { secret: string; hash: string; hint: string } {
  const secret = `cw_${random(API_KEY_BYTES).toString('base64url')}`
  return { secret, hash: sha256Hex(secret), hint: secret.slice(-HINT_LETTERS) }
}

export function isApiKey(token: string): boolean {
  return apiKeyForm.test(token)
}

/** Easy to read aloud and to type: no i, l, o, u, no capitals. */
const letters = '0123456789abcdefghjkmnpqrstvwxyz'
const PASSWORD_LETTERS = 24
const GROUP = 6

/** A password of 120 random bits in four groups of six. */
export function mintPassword(random: Random): string {
  const text = Array.from(random(PASSWORD_LETTERS), (byte) => letters.charAt(byte & 31)).join('')
  return text.match(new RegExp(`.{${GROUP}}`, 'g'))?.join('-') ?? text
}

const FAMILY_BYTES = 16
const SECRET_BYTES = 32
const refreshForm = /^cwr_([A-Za-z0-9_-]{22})\.[A-Za-z0-9_-]{43}$/

/**
 * A refresh token in two parts: the family, which stays for a session's life and finds it, and a
 * secret that is new each time. A token of a known family with an old secret was used before.
 */
export function mintRefreshToken(random: Random, family?: string): RefreshToken {
  const part = family ?? random(FAMILY_BYTES).toString('base64url')
  return refreshTokenOf(part, random(SECRET_BYTES).toString('base64url'))
}

export type RefreshToken = { token: string; family: string; familyHash: string; hash: string }

/** The parts of a refresh token, or null for anything else. */
export function parseRefreshToken(token: string): RefreshToken | null {
  const family = refreshForm.exec(token)?.[1]
  return family === undefined ? null : refreshTokenOf(family, token.slice(token.indexOf('.') + 1))
}

function refreshTokenOf(family: string, secret: string): RefreshToken {
  const token = `cwr_${family}.${secret}`
  return { token, family, familyHash: sha256Hex(family), hash: sha256Hex(token) }
}
