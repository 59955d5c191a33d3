import { createHash, randomBytes } from 'node:crypto'

/** SHA-256 of a text's UTF-8 bytes, as lower-case hex. For tokens with their own entropy only. */
export function sha256Hex(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex')
}

/** A random token of so many bytes, as base64url. */
export function randomToken(bytes = 32): string {
  return randomBytes(bytes).toString('base64url')
}
