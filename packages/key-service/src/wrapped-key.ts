import { KeyServiceError } from './key-service-error.ts'

const keyBytes = 32
const base64 = /^[A-Za-z0-9+/]+={0,2}$/

/** The bytes of a canonical base64 text, or null. */
export function fromBase64(text: string): Buffer | null {
  if (!base64.test(text)) return null
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : null
}

/** A key that came out of a service must be one of ours: nothing shorter or longer seals anything. */
export function requireKey(bytes: Uint8Array | null, where: string): Uint8Array {
  if (bytes?.length === keyBytes) return bytes
  throw new KeyServiceError(
    'key_service_malformed',
    `${where} gives something that is not a key of 32 bytes: wrap the key itself, as \`callwire keys wrap\` does.`,
  )
}
