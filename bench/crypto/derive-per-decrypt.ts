import { createCipheriv, createDecipheriv, pbkdf2Sync, randomBytes } from 'node:crypto'
import { token } from './sample.ts'

const ROUNDS = 100_000
const SALT = 'a-salt-that-never-changes'
const SECRET = 'a secret that signs sessions as well'

/** How the design's origin opened a value: its key derived from a constant salt at every decryption. */
export function derivePerDecrypt(): () => string {
  const iv = randomBytes(16)
  const cipher = createCipheriv('aes-256-gcm', derive(), iv)
  const data = Buffer.concat([cipher.update(token, 'utf8'), cipher.final()])
  const stored = [iv, data, cipher.getAuthTag()].map((part) => part.toString('hex')).join(':')
  return () => {
    const [ivPart = '', dataPart = '', tagPart = ''] = stored.split(':')
    const decipher = createDecipheriv('aes-256-gcm', derive(), Buffer.from(ivPart, 'hex'))
    decipher.setAuthTag(Buffer.from(tagPart, 'hex'))
    return decipher.update(dataPart, 'hex', 'utf8') + decipher.final('utf8')
  }
}

function derive(): Buffer {
  return pbkdf2Sync(SECRET, SALT, ROUNDS, 32, 'sha256')
}
