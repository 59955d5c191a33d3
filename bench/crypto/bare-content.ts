import { createDecipheriv, createSecretKey, hkdfSync, timingSafeEqual } from 'node:crypto'
import { associatedData, content, fieldsOf, keyBytes } from './sample.ts'

const ZERO_NONCE = Buffer.alloc(12)

/** As `bareCredential`, for the sample content: one HKDF, one comparison, one AES-256-GCM. */
export function bareContent(): () => Buffer {
  const ringKey = createSecretKey(keyBytes('CONTENT_KEYS'))
  const { head, ciphertext, tag } = fieldsOf(content)
  const salt = head.subarray(0, 16)
  const commitment = head.subarray(16)
  const aad = associatedData('cw1d')
  return () => {
    const material = new Uint8Array(hkdfSync('sha256', ringKey, salt, aad, 64))
    if (!timingSafeEqual(material.subarray(32), commitment)) throw new Error('Another key')
    const secretKey = createSecretKey(material.subarray(0, 32))
    const decipher = createDecipheriv('aes-256-gcm', secretKey, ZERO_NONCE, { authTagLength: 16 })
    decipher.setAAD(aad)
    decipher.setAuthTag(tag)
    const plaintext = decipher.update(ciphertext)
    decipher.final()
    return plaintext
  }
}
