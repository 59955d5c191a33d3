import {
  createDecipheriv,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  diffieHellman,
  hkdfSync,
} from 'node:crypto'
import { associatedData, credential, fieldsOf, keyBytes } from './sample.ts'

const NONE = Buffer.alloc(0)
const KEM = 'KEM\0\x20'
const HPKE = 'HPKE\0\x20\0\x01\0\x02'
const PSK_MODE = 1

/**
 * Opens the sample credential with the calls into node:crypto that each opening needs and nothing
 * else: no text is parsed, no context encoded, nothing checked, and all that does not depend on the
 * message is there already. The floor under any implementation of the format.
 */
export function bareCredential(): () => Buffer {
  const bytes = keyBytes('CREDENTIAL_OPEN_KEYS')
  const { head: enc, ciphertext, tag } = fieldsOf(credential)
  const der = { format: 'der', type: 'pkcs8' } as const
  const privateDer = joined('302e020100300506032b656e04220420', bytes.subarray(0, 32))
  const privateKey = createPrivateKey({ key: privateDer, ...der })
  const ownPublic = createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(12)
  const encDer = joined('302a300506032b656e032100', enc)

  const sharedLabel = label(KEM, 'eae_prk')
  const sharedInfo = Buffer.concat([length(32), label(KEM, 'shared_secret'), enc, ownPublic])
  const context = Buffer.concat([
    Buffer.of(PSK_MODE),
    extract(Buffer.concat([label(HPKE, 'psk_id_hash'), Buffer.from('k1')])),
    extract(Buffer.concat([label(HPKE, 'info_hash'), Buffer.from('callwire cw1c')])),
  ])
  const secretInput = createSecretKey(Buffer.concat([label(HPKE, 'secret'), bytes.subarray(32)]))
  const keyInfo = Buffer.concat([length(32), label(HPKE, 'key'), context])
  const nonceInfo = Buffer.concat([length(12), label(HPKE, 'base_nonce'), context])
  const aad = associatedData('cw1c')

  return () => {
    const publicKey = createPublicKey({ key: encDer, format: 'der', type: 'spki' })
    const dh = diffieHellman({ privateKey, publicKey })
    const sharedInput = createSecretKey(Buffer.concat([sharedLabel, dh]))
    const shared = new Uint8Array(hkdfSync('sha256', sharedInput, NONE, sharedInfo, 32))
    const key = hkdfSync('sha256', secretInput, shared, keyInfo, 32)
    const nonce = new Uint8Array(hkdfSync('sha256', secretInput, shared, nonceInfo, 12))
    const secretKey = createSecretKey(new Uint8Array(key))
    const decipher = createDecipheriv('aes-256-gcm', secretKey, nonce, { authTagLength: 16 })
    decipher.setAAD(aad)
    decipher.setAuthTag(tag)
    const plaintext = decipher.update(ciphertext)
    decipher.final()
    return plaintext
  }
}

function label(suite: string, name: string): Buffer {
  return Buffer.from(`HPKE-v1${suite}${name}`, 'latin1')
}

function length(bytes: number): Buffer {
  return Buffer.of(0, bytes)
}

function extract(input: Buffer): Buffer {
  return createHmac('sha256', NONE).update(input).digest()
}

function joined(hex: string, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from(hex, 'hex'), bytes])
}
