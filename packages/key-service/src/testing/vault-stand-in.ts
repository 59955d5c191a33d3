import { createCipheriv, createDecipheriv, randomBytes, randomUUID } from 'node:crypto'

import { listen, type Answer, type Asked, type Listening } from './listen.ts'

export type VaultStandIn = Listening & {
  seal(sealed: boolean): void
  /** Adds a version to a key; what older ones wrapped still opens. */
  rotate(key: string): void
  /** No version below this one opens anything any more. */
  setMinDecryptionVersion(key: string, version: number): void
}

type TransitKey = { versions: Buffer[]; minDecryptionVersion: number }

const ivBytes = 12
const tagBytes = 16

/**
 * Vault's transit engine at `transit/`, as its HTTP API reference and its public source have it, for one token whose
 * policy allows `update` on `encrypt/<key>` and `decrypt/<key>` of `keys` and nothing else.
 */
export async function vaultStandIn(o: {
  token: string
  keys: readonly string[]
  namespace?: string
}): Promise<VaultStandIn> {
  const keys = new Map<string, TransitKey>(
    o.keys.map((name) => [name, { versions: [randomBytes(32)], minDecryptionVersion: 1 }]),
  )
  let sealed = false

  const answer = (asked: Asked): Answer => {
    if (sealed) return errors(503, 'Vault is sealed')
    const given = asked.headers['x-vault-token'] ?? bearerOf(asked)
    const namespace = String(asked.headers['x-vault-namespace'] ?? '').replace(/\/+$/, '')
    if (given !== o.token || namespace !== (o.namespace ?? '')) return denied()
    const path = /^\/v1\/transit\/(encrypt|decrypt)\/([^/]+)$/.exec(asked.path)
    if (path === null) {
      const route = asked.path.replace(/^\/v1\//, '')
      return errors(404, `no handler for route "${route}". route entry not found.`)
    }
    if (asked.method !== 'POST' && asked.method !== 'PUT')
      return errors(405, 'unsupported operation')
    const body = bodyOf(asked)
    if (body === null) return errors(400, 'error parsing JSON')
    const [, operation, name = ''] = path
    const key = keys.get(name)
    // To wrap under a key that is not there would make it, which the policy does not allow.
    if (key === undefined) {
      return operation === 'encrypt' ? denied() : errors(400, 'encryption key not found')
    }
    return operation === 'encrypt' ? encrypt(key, body) : decrypt(key, body)
  }

  const keyOf = (name: string): TransitKey => {
    const key = keys.get(name)
    if (key === undefined) throw new Error('no such key')
    return key
  }
  const server = await listen({ contentType: 'application/json', answer })
  return {
    ...server,
    seal(now) {
      sealed = now
    },
    rotate: (name) => void keyOf(name).versions.push(randomBytes(32)),
    setMinDecryptionVersion(name, version) {
      keyOf(name).minDecryptionVersion = version
    },
  }
}

function encrypt(key: TransitKey, body: Record<string, unknown>): Answer {
  const { plaintext } = body
  if (typeof plaintext !== 'string') return errors(400, 'missing plaintext to encrypt')
  const bytes = standardBase64(plaintext)
  if (bytes === null) return errors(400, 'failed to base64-decode plaintext')
  const version = key.versions.length
  const iv = randomBytes(ivBytes)
  const cipher = createCipheriv('aes-256-gcm', key.versions[version - 1] ?? '', iv)
  const sealed = Buffer.concat([iv, cipher.update(bytes), cipher.final(), cipher.getAuthTag()])
  return success({
    ciphertext: `vault:v${version}:${sealed.toString('base64')}`,
    key_version: version,
  })
}

function decrypt(key: TransitKey, body: Record<string, unknown>): Answer {
  const { ciphertext } = body
  if (typeof ciphertext !== 'string' || ciphertext === '') {
    return errors(400, 'missing ciphertext to decrypt')
  }
  if (!ciphertext.startsWith('vault:v')) return errors(400, 'invalid ciphertext: no prefix')
  const [number = '', encoded] = ciphertext.slice('vault:v'.length).split(/:([^]*)/)
  if (encoded === undefined) return errors(400, 'invalid ciphertext: wrong number of fields')
  if (!/^\d+$/.test(number)) {
    return errors(400, 'invalid ciphertext: version number could not be decoded')
  }
  const version = Math.max(Number(number), 1)
  const secret = key.versions[version - 1]
  if (secret === undefined) return errors(400, 'invalid ciphertext: version is too new')
  if (version < key.minDecryptionVersion) {
    return errors(400, 'ciphertext or signature version is disallowed by policy (too old)')
  }
  const bytes = standardBase64(encoded)
  if (bytes === null) return errors(400, 'invalid ciphertext: could not decode base64')
  if (bytes.length < ivBytes + tagBytes) return errors(400, 'invalid ciphertext length')
  try {
    const decipher = createDecipheriv('aes-256-gcm', secret, bytes.subarray(0, ivBytes))
    decipher.setAuthTag(bytes.subarray(-tagBytes))
    const opened = [decipher.update(bytes.subarray(ivBytes, -tagBytes)), decipher.final()]
    return success({ plaintext: Buffer.concat(opened).toString('base64') })
  } catch {
    return errors(400, 'cipher: message authentication failed')
  }
}

function bearerOf(asked: Asked): string | undefined {
  return /^Bearer (.+)$/.exec(asked.headers.authorization ?? '')?.[1]
}

function bodyOf(asked: Asked): Record<string, unknown> | null {
  try {
    const body: unknown = JSON.parse(asked.body)
    return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : null
  } catch {
    return null
  }
}

function standardBase64(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : null
}

function success(data: Record<string, unknown>): Answer {
  const body = {
    request_id: randomUUID(),
    lease_id: '',
    renewable: false,
    lease_duration: 0,
    data,
    wrap_info: null,
    warnings: null,
    auth: null,
  }
  return { status: 200, body }
}

function denied(): Answer {
  return errors(403, '1 error occurred:\n\t* permission denied\n\n')
}

function errors(status: number, message: string): Answer {
  return { status, body: { errors: [message] } }
}
