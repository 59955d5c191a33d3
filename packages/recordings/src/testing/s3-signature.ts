import { createHash, createHmac } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

/** AWS refuses what is older or newer: S3 API reference, "Authenticating requests (AWS Signature Version 4)". */
const SKEW_MS = 15 * 60_000

export type Asked = {
  method: string
  /** As it came, with its query. */
  target: string
  headers: IncomingHttpHeaders
  body: Buffer
}

export type SignatureFault =
  | 'AccessDenied'
  | 'AuthorizationHeaderMalformed'
  | 'InvalidAccessKeyId'
  | 'InvalidToken'
  | 'RequestTimeTooSkewed'
  | 'SignatureDoesNotMatch'
  | 'XAmzContentSHA256Mismatch'

type Account = {
  accessKeyId: string
  secretAccessKey: string
  sessionToken: string | null
  region: string
}

const HEADER =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$/

/** What Signature Version 4 finds wrong with a request whose body is signed whole, or null. */
export function signatureFault(asked: Asked, account: Account): SignatureFault | null {
  const { headers } = asked
  if (headers.authorization === undefined) return 'AccessDenied'
  const parts = HEADER.exec(headers.authorization)
  const time = String(headers['x-amz-date'] ?? '')
  if (parts === null || !/^\d{8}T\d{6}Z$/.test(time)) return 'AuthorizationHeaderMalformed'
  const [, id, date = '', region, signed = '', signature] = parts
  if (id !== account.accessKeyId) return 'InvalidAccessKeyId'
  if (region !== account.region || !time.startsWith(date)) return 'AuthorizationHeaderMalformed'
  if ((headers['x-amz-security-token'] ?? null) !== account.sessionToken) return 'InvalidToken'
  if (Math.abs(Date.now() - epochMs(time)) > SKEW_MS) return 'RequestTimeTooSkewed'
  const names = signed.split(';')
  const must = Object.keys(headers).filter((name) => name === 'host' || name.startsWith('x-amz-'))
  if (must.some((name) => !names.includes(name))) return 'AccessDenied'
  const declared = String(headers['x-amz-content-sha256'] ?? '')
  if (declared !== sha256(asked.body)) return 'XAmzContentSHA256Mismatch'
  const scope = `${date}/${account.region}/s3/aws4_request`
  const canonical = canonicalRequest(asked, names, declared)
  const text = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n')
  const key = [date, account.region, 's3', 'aws4_request'].reduce<Buffer>(
    hmac,
    Buffer.from(`AWS4${account.secretAccessKey}`),
  )
  return hmac(key, text).toString('hex') === signature ? null : 'SignatureDoesNotMatch'
}

/** The path is encoded once, for S3 alone; the query's pairs are in the order of their encoded names. */
function canonicalRequest(asked: Asked, names: readonly string[], bodyHash: string): string {
  const url = new URL(asked.target, 'http://store')
  const path = url.pathname
    .split('/')
    .map((segment) => encoded(decodeURIComponent(segment)))
    .join('/')
  const query = [...url.searchParams]
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .toSorted()
    .join('&')
  const headers = names.map(
    (name) =>
      `${name}:${String(asked.headers[name] ?? '')
        .replace(/\s+/g, ' ')
        .trim()}\n`,
  )
  return [asked.method, path, query, headers.join(''), names.join(';'), bodyHash].join('\n')
}

function encoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

function epochMs(time: string): number {
  const [, y = '', mo = '', d = '', h = '', mi = '', s = ''] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(time) ?? []
  return Date.UTC(Number(y), Number(mo) - 1, Number(d), Number(h), Number(mi), Number(s))
}

function sha256(text: string | Buffer): string {
  return createHash('sha256').update(text).digest('hex')
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
