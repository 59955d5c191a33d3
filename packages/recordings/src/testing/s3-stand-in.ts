import { createHash, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { signatureFault, type Asked } from './s3-signature.ts'

/** Takes the place of every answer while it is set. */
export type Misbehaviour = (response: ServerResponse) => void

export type S3StandIn = AsyncDisposable & {
  readonly url: string
  readonly bucket: string
  readonly region: string
  /** By their whole name in the bucket. */
  readonly objects: Map<string, Buffer>
  readonly asked: { method: string; target: string }[]
  /** As the SDK reads them from the environment. */
  readonly credentials: Readonly<Record<string, string>>
  misbehave(how: Misbehaviour | null): void
}

type Answer = { status: number; headers?: Record<string, string>; body?: Buffer | string }

const MAX_KEY_BYTES = 1_024
const statusOfCode: Readonly<Record<string, number>> = {
  NoSuchKey: 404,
  NoSuchBucket: 404,
  MethodNotAllowed: 405,
  MissingContentLength: 411,
  NotImplemented: 501,
  AuthorizationHeaderMalformed: 400,
  XAmzContentSHA256Mismatch: 400,
  InvalidArgument: 400,
  InvalidToken: 400,
  KeyTooLongError: 400,
}

/**
 * An S3-compatible store with one bucket and one account, path style: PutObject, GetObject,
 * DeleteObject and ListObjectsV2 as the S3 API reference has them. Whatever is not signed as it must
 * be, or not one of these, is refused.
 */
export async function s3StandIn(
  o: { sessionToken?: string; pageSize?: number } = {},
): Promise<S3StandIn> {
  const account = {
    accessKeyId: `AKIA${randomBytes(8).toString('hex').toUpperCase()}`,
    secretAccessKey: randomBytes(30).toString('base64'),
    sessionToken: o.sessionToken ?? null,
    region: 'ap-south-1',
  }
  const bucket = 'callwire-recordings'
  const objects = new Map<string, Buffer>()
  const log: { method: string; target: string }[] = []
  let misbehaviour: Misbehaviour | null = null

  const answer = (asked: Asked): Answer => {
    const fault = signatureFault(asked, account)
    if (fault !== null) return failure(fault)
    const url = new URL(asked.target, 'http://store')
    const [, named = '', ...rest] = url.pathname.split('/')
    const key = rest.map(decodeURIComponent).join('/')
    if (named !== bucket) return failure('NoSuchBucket')
    if (Buffer.byteLength(key) > MAX_KEY_BYTES) return failure('KeyTooLongError')
    if (key === '') {
      const isList = asked.method === 'GET' && url.searchParams.get('list-type') === '2'
      return isList
        ? listOf(objects, bucket, url.searchParams, o.pageSize ?? 1_000)
        : failure('MethodNotAllowed')
    }
    return ofObject(objects, key, asked)
  }

  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const asked = { method: request.method ?? '', target: request.url ?? '', body }
      log.push({ method: asked.method, target: asked.target })
      if (misbehaviour !== null) return misbehaviour(response)
      const {
        status,
        headers = {},
        body: sent = '',
      } = answer({ ...asked, headers: request.headers })
      response.writeHead(status, { 'x-amz-request-id': randomBytes(8).toString('hex'), ...headers })
      response.end(sent)
    })
  })
  const port = await portOf(server)
  return {
    url: `http://127.0.0.1:${port}`,
    ...{ bucket, region: account.region, objects, asked: log },
    credentials: {
      AWS_ACCESS_KEY_ID: account.accessKeyId,
      AWS_SECRET_ACCESS_KEY: account.secretAccessKey,
      AWS_SESSION_TOKEN: account.sessionToken ?? '',
    },
    misbehave(how) {
      misbehaviour = how
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}

function ofObject(objects: Map<string, Buffer>, key: string, asked: Asked): Answer {
  switch (asked.method) {
    case 'PUT': {
      const length = asked.headers['content-length']
      if (length === undefined) return failure('MissingContentLength')
      if (asked.headers['content-encoding']?.includes('aws-chunked') === true) {
        return failure('NotImplemented')
      }
      objects.set(key, asked.body)
      const etag = createHash('md5').update(asked.body).digest('hex')
      return { status: 200, headers: { etag: `"${etag}"` } }
    }
    case 'GET': {
      const found = objects.get(key)
      if (found === undefined) return failure('NoSuchKey')
      const headers = {
        'content-type': 'application/octet-stream',
        'content-length': String(found.length),
      }
      return { status: 200, headers, body: found }
    }
    case 'DELETE':
      objects.delete(key)
      return { status: 204 }
    default:
      return failure('MethodNotAllowed')
  }
}

function listOf(
  objects: Map<string, Buffer>,
  bucket: string,
  query: URLSearchParams,
  pageSize: number,
): Answer {
  const prefix = query.get('prefix') ?? ''
  const after = query.get('continuation-token')
  const most = Math.min(Number(query.get('max-keys') ?? pageSize), pageSize)
  const names = [...objects.keys()]
    .filter((name) => name.startsWith(prefix) && (after === null || name > fromToken(after)))
    .toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  const page = names.slice(0, most)
  const isTruncated = names.length > page.length
  const next = isTruncated
    ? `<NextContinuationToken>${toToken(page.at(-1) ?? '')}</NextContinuationToken>`
    : ''
  const contents = page.map(
    (name) =>
      `<Contents><Key>${name}</Key><Size>${objects.get(name)?.length ?? 0}</Size></Contents>`,
  )
  const xml = `<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>${bucket}</Name><Prefix>${prefix}</Prefix><KeyCount>${page.length}</KeyCount><MaxKeys>${most}</MaxKeys><IsTruncated>${isTruncated}</IsTruncated>${next}${contents.join('')}</ListBucketResult>`
  return { status: 200, headers: { 'content-type': 'application/xml' }, body: xml }
}

const toToken = (name: string) => Buffer.from(name).toString('base64')
const fromToken = (token: string) => Buffer.from(token, 'base64').toString()

function failure(code: string): Answer {
  return {
    status: statusOfCode[code] ?? 403,
    headers: { 'content-type': 'application/xml' },
    body: `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>The store of this test says ${code}.</Message></Error>`,
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

async function portOf(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}
