import { createCipheriv, createDecipheriv, randomBytes, randomUUID } from 'node:crypto'

import { listen, type Answer, type Asked, type Listening } from './listen.ts'
import { signatureFault } from './signature.ts'

export type KmsStandIn = Listening & {
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** The ARN of each key, by its id or alias. */
  arnOf(name: string): string
  /** Takes every permission of the one principal away, or gives it back. */
  deny(denied: boolean): void
  disable(name: string, disabled: boolean): void
}

type KmsKey = { readonly arn: string; readonly secret: Buffer; disabled: boolean }

const contentType = 'application/x-amz-json-1.1'
const mostPlaintextBytes = 4_096
const mostBlobBytes = 6_144
const ivBytes = 12
const tagBytes = 16
/** The real blob carries its key's identity and more; this one has its length and names the key, too. */
const headBytes = 100

/**
 * AWS KMS with `Encrypt` and `Decrypt` under symmetric keys, as its API reference and service model have it, for one
 * principal. `keys` are key ids (`1234abcd-…`) or aliases (`alias/…`).
 */
export async function kmsStandIn(o: {
  keys: readonly string[]
  region?: string
}): Promise<KmsStandIn> {
  const region = o.region ?? 'eu-west-1'
  const accessKeyId = `AKIA${randomBytes(8).toString('hex').toUpperCase()}`
  const secretAccessKey = randomBytes(30).toString('base64')
  const keys = new Map<string, KmsKey>(
    o.keys.map((name) => {
      const id = name.startsWith('alias/') ? randomUUID() : name
      const arn = `arn:aws:kms:${region}:111122223333:key/${id}`
      return [name, { arn, secret: randomBytes(32), disabled: false }]
    }),
  )
  let denied = false

  const answer = (asked: Asked): Answer => {
    const target = /^TrentService\.(Encrypt|Decrypt)$/.exec(String(asked.headers['x-amz-target']))
    if (asked.method !== 'POST' || asked.path !== '/' || target === null) {
      return fault('UnknownOperationException')
    }
    if (asked.headers['content-type'] !== contentType) return fault('UnknownOperationException')
    const unsigned = signatureFault(asked, { accessKeyId, secretAccessKey, region, service: 'kms' })
    if (unsigned !== null) return fault(unsigned, 'The request was not signed as it must be.')
    const body = bodyOf(asked)
    if (body === null) return fault('SerializationException')
    if (denied) return fault('AccessDeniedException', 'You have no permission to do this.')
    return target[1] === 'Encrypt' ? encrypt(keys, body) : decrypt(keys, body)
  }

  const keyOf = (name: string): KmsKey => {
    const key = keys.get(name)
    if (key === undefined) throw new Error('no such key')
    return key
  }
  const server = await listen({ contentType, answer })
  return {
    ...server,
    region,
    accessKeyId,
    secretAccessKey,
    arnOf: (name) => keyOf(name).arn,
    deny(now) {
      denied = now
    },
    disable(name, now) {
      keyOf(name).disabled = now
    },
  }
}

type Keys = ReadonlyMap<string, KmsKey>
type Body = Readonly<Record<string, unknown>>

function find(keys: Keys, id: unknown): KmsKey | undefined {
  return [...keys].find(
    ([name, { arn }]) => id === name || id === arn || arn.endsWith(`/${String(id)}`),
  )?.[1]
}

function encrypt(keys: Keys, body: Body): Answer {
  if (typeof body['KeyId'] !== 'string') return fault('ValidationException', '1 validation error')
  const bytes = bytesOf(body['Plaintext'], mostPlaintextBytes)
  if (bytes === null) return fault('ValidationException', '1 validation error')
  const key = find(keys, body['KeyId'])
  if (key === undefined) return fault('NotFoundException', 'Key does not exist')
  if (key.disabled) return fault('DisabledException', 'Key is disabled.')
  const head = Buffer.alloc(headBytes)
  head.write(key.arn)
  const iv = randomBytes(ivBytes)
  const cipher = createCipheriv('aes-256-gcm', key.secret, iv).setAAD(contextOf(body))
  const sealed = [head, iv, cipher.update(bytes), cipher.final(), cipher.getAuthTag()]
  return success(key, { CiphertextBlob: Buffer.concat(sealed).toString('base64') })
}

function decrypt(keys: Keys, body: Body): Answer {
  const blob = bytesOf(body['CiphertextBlob'], mostBlobBytes)
  if (blob === null) return fault('ValidationException', '1 validation error')
  const arn = blob.toString('utf8', 0, headBytes).replace(/\0+$/, '')
  const key = [...keys.values()].find((one) => one.arn === arn)
  if (body['KeyId'] !== undefined) {
    const asked = find(keys, body['KeyId'])
    if (asked === undefined) return fault('NotFoundException', 'Key does not exist')
    if (key !== undefined && asked !== key) return fault('IncorrectKeyException')
  }
  if (key === undefined || blob.length < headBytes + ivBytes + tagBytes) {
    return fault('InvalidCiphertextException')
  }
  if (key.disabled) return fault('DisabledException', 'Key is disabled.')
  const sealed = blob.subarray(headBytes)
  try {
    const decipher = createDecipheriv('aes-256-gcm', key.secret, sealed.subarray(0, ivBytes))
    decipher.setAAD(contextOf(body)).setAuthTag(sealed.subarray(-tagBytes))
    const opened = [decipher.update(sealed.subarray(ivBytes, -tagBytes)), decipher.final()]
    return success(key, { Plaintext: Buffer.concat(opened).toString('base64') })
  } catch {
    return fault('InvalidCiphertextException')
  }
}

/** The encryption context is additional authenticated data, whatever the order of its pairs. */
function contextOf(body: Body): Buffer {
  const context = (body['EncryptionContext'] ?? {}) as Record<string, string>
  return Buffer.from(JSON.stringify(Object.entries(context).sort()))
}

function bytesOf(value: unknown, most: number): Buffer | null {
  if (typeof value !== 'string') return null
  const bytes = Buffer.from(value, 'base64')
  const valid = bytes.toString('base64') === value && bytes.length > 0 && bytes.length <= most
  return valid ? bytes : null
}

function bodyOf(asked: Asked): Body | null {
  try {
    const body: unknown = JSON.parse(asked.body)
    return typeof body === 'object' && body !== null ? (body as Body) : null
  } catch {
    return null
  }
}

function success(key: KmsKey, result: Record<string, string>): Answer {
  const body = { ...result, KeyId: key.arn, EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' }
  return { status: 200, headers: { 'x-amzn-requestid': randomUUID() }, body }
}

function fault(type: string, message?: string): Answer {
  const body = { __type: type, ...(message === undefined ? {} : { message }) }
  return { status: 400, headers: { 'x-amzn-requestid': randomUUID() }, body }
}
