import { createHash, createHmac } from 'node:crypto'

import type { Asked } from './listen.ts'

/** How far a request's time may be from ours. */
const skewMs = 5 * 60_000

export type SignatureFault =
  | 'MissingAuthenticationTokenException'
  | 'IncompleteSignatureException'
  | 'UnrecognizedClientException'
  | 'InvalidSignatureException'

/** What AWS Signature Version 4 (header form) finds wrong with a request for `service` in `region`, or null. */
export function signatureFault(
  asked: Asked,
  o: { accessKeyId: string; secretAccessKey: string; region: string; service: string },
): SignatureFault | null {
  const { authorization } = asked.headers
  if (authorization === undefined) return 'MissingAuthenticationTokenException'
  const parts =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$/.exec(
      authorization,
    )
  const time = String(asked.headers['x-amz-date'] ?? '')
  if (parts === null || !/^\d{8}T\d{6}Z$/.test(time)) return 'IncompleteSignatureException'
  const [, id, date = '', region, service, signed = '', signature] = parts
  if (id !== o.accessKeyId) return 'UnrecognizedClientException'
  const names = signed.split(';')
  const covered = ['host', 'x-amz-date', 'x-amz-target'].every((name) => names.includes(name))
  if (!covered || region !== o.region || service !== o.service || !time.startsWith(date)) {
    return 'InvalidSignatureException'
  }
  if (Math.abs(Date.now() - epochMs(time)) > skewMs) return 'InvalidSignatureException'
  const scope = `${date}/${o.region}/${o.service}/aws4_request`
  const text = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical(asked, names))].join('\n')
  const key = [date, o.region, o.service, 'aws4_request'].reduce<Buffer>(
    hmac,
    Buffer.from(`AWS4${o.secretAccessKey}`),
  )
  return hmac(key, text).toString('hex') === signature ? null : 'InvalidSignatureException'
}

function canonical(asked: Asked, names: readonly string[]): string {
  const headers = names.map((name) => `${name}:${String(asked.headers[name] ?? '').trim()}\n`)
  return [asked.method, asked.path, '', headers.join(''), names.join(';'), sha256(asked.body)].join(
    '\n',
  )
}

function epochMs(time: string): number {
  const [, y = '', mo = '', d = '', h = '', mi = '', s = ''] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(time) ?? []
  return Date.UTC(Number(y), Number(mo) - 1, Number(d), Number(h), Number(mi), Number(s))
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
