import { createDecipheriv, pbkdf2 } from 'node:crypto'
import { promisify } from 'node:util'
import type { Secret } from '@callwire/runtime'

/** The constants of the old system: its description, and every value it ever wrote, depend on them. */
const SALT = 'exotel-encryption-salt'
const ROUNDS = 100_000
const KEY_BYTES = 32
const TAG_BYTES = 16

/** `iv:data:tag` in lower-case hexadecimal; the longest credential the gateway takes is 256 characters. */
const FORM = /^([0-9a-f]{32}):((?:[0-9a-f]{2}){1,1024}):([0-9a-f]{32})$/

/** The one answer to whatever does not open: a malformed text, another key, a changed character. */
export class UnreadableValue extends Error {
  override readonly name = 'UnreadableValue'

  constructor() {
    super('A value of the old system could not be opened')
  }
}

/** Reads values of the old system; it can write none. */
export type OriginCipher = {
  /** @throws UnreadableValue */
  open(value: string): string
}

/** Derives the old system's one key from its JWT_SECRET: slow on purpose, so once for a whole export. */
export async function originCipher(jwtSecret: Secret): Promise<OriginCipher> {
  const key = await promisify(pbkdf2)(jwtSecret.reveal(), SALT, ROUNDS, KEY_BYTES, 'sha256')
  return {
    open(value) {
      const [, iv, data, tag] = FORM.exec(value) ?? []
      if (iv === undefined || data === undefined || tag === undefined) throw new UnreadableValue()
      try {
        const bytes = decrypt(key, { iv: hex(iv), data: hex(data), tag: hex(tag) })
        return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
      } catch {
        throw new UnreadableValue()
      }
    },
  }
}

function decrypt(key: Buffer, o: { iv: Buffer; data: Buffer; tag: Buffer }): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, o.iv, { authTagLength: TAG_BYTES })
  decipher.setAuthTag(o.tag)
  return Buffer.concat([decipher.update(o.data), decipher.final()])
}

const hex = (text: string) => Buffer.from(text, 'hex')
