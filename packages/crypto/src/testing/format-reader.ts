/**
 * FORMAT.md read by a stranger: Web Crypto and @hpke/core, and nothing of this package but types.
 * What the page leaves out, this file cannot know.
 */
import { webcrypto } from 'node:crypto'
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core'
import type { SealContext } from '../context.ts'
import type { ServiceKeys } from '../rings/derive-service-keys.ts'
import './web-crypto.ts'

type Sealing = { context: SealContext; plaintext: string; sealed: string }

export type Vectors = {
  serviceKeys: { ENCRYPTION_KEYS: string; derived: ServiceKeys }
  credential: Sealing & { ephemeralPrivateKey: string }
  content: Sealing & { salt: string }
  dataKey: { tenantId: string; callId: string; key: string; salt: string; wrapped: string }
  words: Sealing & { salt: string }
  object: Sealing & { salt: string }
  block: Record<'streamId' | 'salt' | 'header' | 'plaintext' | 'sealed', string> & { index: number }
  blindIndex: { purpose: string; tenantId: string; value: string; index: string[] }
  macToken: { purpose: string; message: string; token: string }
  checkValues: Record<keyof ServiceKeys, string>
}

const { subtle } = webcrypto
const suite = new CipherSuite({
  kem: new DhkemX25519HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Aes256Gcm(),
})

/** Bytes in an array buffer of their own, as Web Crypto's types ask. */
const own = (bytes: Uint8Array | string) => new Uint8Array(Buffer.from(bytes))

function u32(value: number) {
  return Uint8Array.of(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255)
}

function lp(...parts: (string | Uint8Array)[]): Buffer {
  const pieces = parts.map((part) => Buffer.from(part))
  return Buffer.concat(pieces.flatMap((piece) => [u32(piece.length), piece]))
}

function aad(format: string, kid: string, c: SealContext): Buffer {
  const optional = [c.host, c.sid, c.version?.toString()].map((value) =>
    value === undefined ? Buffer.of(0) : Buffer.concat([Buffer.of(1), lp(value)]),
  )
  return Buffer.concat([lp(format, kid, c.purpose, c.tenantId, c.rowId, c.field), ...optional])
}

async function hkdf(key: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number) {
  const material = await subtle.importKey('raw', own(key), 'HKDF', false, ['deriveBits'])
  const algorithm = { name: 'HKDF', hash: 'SHA-256', salt: own(salt), info: own(info) }
  return Buffer.from(await subtle.deriveBits(algorithm, material, length * 8))
}

async function gcmOpen(key: Uint8Array, iv: Uint8Array, data: Uint8Array, body: Uint8Array) {
  const imported = await subtle.importKey('raw', own(key), 'AES-GCM', false, ['decrypt'])
  const algorithm = { name: 'AES-GCM', iv: own(iv), additionalData: own(data), tagLength: 128 }
  return Buffer.from(await subtle.decrypt(algorithm, imported, own(body)))
}

async function hmac(key: Uint8Array, message: Uint8Array) {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const imported = await subtle.importKey('raw', own(key), algorithm, false, ['sign'])
  return Buffer.from(await subtle.sign('HMAC', imported, own(message)))
}

/** The bytes of a ring's only key. */
export function keyOf(ring: string): Buffer {
  return Buffer.from(ring.split(':')[1] ?? '', 'base64')
}

export async function deriveKeys(ring: string): Promise<ServiceKeys> {
  const kid = ring.split(':')[0] ?? ''
  const sub = (purpose: string, part: string) =>
    hkdf(keyOf(ring), own(''), lp('callwire service keys 1', purpose, part, kid), 32)
  const entry = (...bytes: Uint8Array[]) => `${kid}:${Buffer.concat(bytes).toString('base64')}`
  const secret = async (purpose: string) => entry(await sub(purpose, 'secret'))
  const pair = async (purpose: string) => {
    const psk = await sub(purpose, 'psk')
    const derived = await suite.kem.deriveKeyPair(own(await sub(purpose, 'x25519')).buffer)
    const publicKey = new Uint8Array(await suite.kem.serializePublicKey(derived.publicKey))
    const privateKey = new Uint8Array(await suite.kem.serializePrivateKey(derived.privateKey))
    return { seal: entry(publicKey, psk), open: entry(privateKey, psk) }
  }
  const [credential, vendor, webhook, backup] = await Promise.all(
    ['credential', 'vendor', 'webhook', 'backup'].map(pair),
  )
  return {
    CREDENTIAL_SEAL_KEYS: credential?.seal ?? '',
    CREDENTIAL_OPEN_KEYS: credential?.open ?? '',
    VENDOR_SEAL_KEYS: vendor?.seal ?? '',
    VENDOR_OPEN_KEYS: vendor?.open ?? '',
    WEBHOOK_SEAL_KEYS: webhook?.seal ?? '',
    WEBHOOK_OPEN_KEYS: webhook?.open ?? '',
    BACKUP_SEAL_KEYS: backup?.seal ?? '',
    BACKUP_OPEN_KEYS: backup?.open ?? '',
    CONTENT_KEYS: await secret('content'),
    CALLBACK_KEYS: await secret('callback'),
    EDGE_KEYS: await secret('edge'),
  }
}

export async function openCredential(ring: string, context: SealContext, sealed: string) {
  const [format = '', kid = '', enc = '', body = ''] = sealed.split('.')
  const key = keyOf(ring)
  const recipientKey = await suite.kem.deserializePrivateKey(own(key.subarray(0, 32)).buffer)
  const opened = await suite.open(
    {
      recipientKey,
      enc: own(Buffer.from(enc, 'base64url')).buffer,
      info: own('callwire cw1c').buffer,
      psk: { id: own(kid).buffer, key: own(key.subarray(32)).buffer },
    },
    own(Buffer.from(body, 'base64url')).buffer,
    own(aad(format, kid, context)).buffer,
  )
  return Buffer.from(opened)
}

export async function openRecord(key: Uint8Array, context: SealContext, sealed: string) {
  const [format = '', ...rest] = sealed.split('.')
  const [kid = '', head = '', body = ''] = format === 'cw1e' ? ['', ...rest] : rest
  const bytes = Buffer.from(head, 'base64url')
  const bound = aad(format, kid, context)
  const material = await hkdf(key, bytes.subarray(0, 16), bound, 64)
  if (!material.subarray(32).equals(bytes.subarray(16))) throw new Error('Another key')
  const recordKey = material.subarray(0, 32)
  return gcmOpen(recordKey, Buffer.alloc(12), bound, Buffer.from(body, 'base64url'))
}

export async function openObject(key: Uint8Array, context: SealContext, sealed: Uint8Array) {
  const bytes = Buffer.from(sealed)
  if (bytes.toString('latin1', 0, 4) !== 'cw1o') throw new Error('Another format')
  const bound = aad('cw1o', '', context)
  const material = await hkdf(key, bytes.subarray(4, 20), bound, 64)
  if (!material.subarray(32).equals(bytes.subarray(20, 52))) throw new Error('Another key')
  return gcmOpen(material.subarray(0, 32), Buffer.alloc(12), bound, bytes.subarray(52))
}

export async function openBlock(dataKey: Uint8Array, block: Vectors['block']) {
  const { streamId, salt, index, header, sealed } = block
  const key = await hkdf(dataKey, Buffer.from(salt, 'hex'), lp('cw1s', streamId), 32)
  const nonce = Buffer.concat([Buffer.alloc(8), u32(index)])
  return gcmOpen(key, nonce, Buffer.from(header, 'hex'), Buffer.from(sealed, 'hex'))
}

export async function blindIndex(ring: string, v: Omit<Vectors['blindIndex'], 'index'>) {
  const kid = ring.split(':')[0] ?? ''
  const key = await hkdf(keyOf(ring), own(''), lp('cw1i', kid), 32)
  const mac = await hmac(key, lp(v.purpose, v.tenantId, v.value))
  return `${kid}.${mac.subarray(0, 16).toString('base64url')}`
}

export async function macToken(ring: string, v: Omit<Vectors['macToken'], 'token'>) {
  const mac = await hmac(keyOf(ring), lp('cw1m', v.purpose, v.message))
  return mac.toString('base64url')
}

/** The check value of a ring's only key; `sealRing` is the sealing half, where the ring has halves. */
export async function checkValue(ring: string, sealRing?: string) {
  const kid = ring.split(':')[0] ?? ''
  const value = async (secret: Uint8Array, ...info: (string | Uint8Array)[]) =>
    (await hkdf(secret, own(''), lp('cw1v', kid, ...info), 8)).toString('hex')
  if (sealRing === undefined) return value(keyOf(ring))
  return value(keyOf(ring).subarray(32), keyOf(sealRing).subarray(0, 32))
}
