/** base64url without padding (RFC 4648 section 5). */
export function toBase64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url')
}

/**
 * Decodes base64url without padding, strictly: a text that is not exactly what its bytes encode to
 * (foreign letters, padding, non-zero spare bits) gives null, so each value has one spelling.
 */
export function fromBase64url(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : null
}

/**
 * Decodes a key as people write it: base64 or base64url, padding optional, canonical otherwise.
 * Gives null when it is not that.
 */
export function fromKeyText(text: string): Buffer | null {
  const unpadded = text.replace(/={1,2}$/, '')
  if (unpadded !== text && text.length % 4 !== 0) return null
  if (/[-_]/.test(text) && /[+/]/.test(text)) return null
  return fromBase64url(unpadded.replaceAll('+', '-').replaceAll('/', '_'))
}
