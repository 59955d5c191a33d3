import { createCipheriv, pbkdf2Sync, randomBytes } from 'node:crypto'

/** A phone of the system before this one, and what that system had. Each secret is unique. */
export const oldSystem = {
  jwtSecret: 'e2eOldJwt-6d1f0a93b7c25e48',
  sid: 'troika1',
  apiKey: 'e2eOldKey-2b90c47e81fa',
  apiToken: 'e2eOldToken-e5d3a7164c8209bf',
  number: '+918047119901',
}

/** One line of the old system's export, encrypted as its description says; it shares no code with the importer. */
export function oldPhoneLine(subdomain: string): string {
  const key = pbkdf2Sync(oldSystem.jwtSecret, 'exotel-encryption-salt', 100_000, 32, 'sha256')
  const encrypt = (text: string) => {
    const iv = randomBytes(16)
    const cipher = createCipheriv('aes-256-gcm', key, iv)
    const data = cipher.update(text, 'utf8', 'hex') + cipher.final('hex')
    return [iv.toString('hex'), data, cipher.getAuthTag().toString('hex')].join(':')
  }
  const { sid, number } = oldSystem
  const exotelData = {
    ...{ apiKey: encrypt(oldSystem.apiKey), apiToken: encrypt(oldSystem.apiToken) },
    ...{ sid, subdomain },
  }
  const _id = { $oid: '60d21b4667d0d8992e610c85' }
  return JSON.stringify({ _id, number, country: 'IN', provider: 'exotel', exotelData })
}
