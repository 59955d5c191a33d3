import { createCipheriv, pbkdf2Sync, randomBytes } from 'node:crypto'

const keys = new Map<string, Buffer>()

/**
 * The old system's encryption as its description has it, written from that description alone: it shares nothing
 * with what reads the values.
 */
export function encryptAsOldSystem(jwtSecret: string, text: string | Uint8Array): string {
  const key =
    keys.get(jwtSecret) ?? pbkdf2Sync(jwtSecret, 'exotel-encryption-salt', 100_000, 32, 'sha256')
  keys.set(jwtSecret, key)
  const iv = randomBytes(16)
  const cipher = createCipheriv('aes-256-gcm', key, iv)
  const data = Buffer.concat([cipher.update(Buffer.from(text)), cipher.final()])
  return [iv, data, cipher.getAuthTag()].map((part) => part.toString('hex')).join(':')
}
