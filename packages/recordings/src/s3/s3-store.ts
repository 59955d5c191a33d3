import type * as AwsSdk from '@aws-sdk/client-s3'
import { requireObjectKey } from '../object-key.ts'
import { RecordingStoreError } from '../recording-store-error.ts'
import { MAX_STORED_BYTES, requireSize, type RecordingStore } from '../recording-store.ts'
import type { S3Settings } from '../settings.ts'
import { notS3, s3Failure } from './s3-failure.ts'

type Sdk = typeof AwsSdk

/** Stores other than AWS' take any; the signature needs one. */
const ANY_REGION = 'us-east-1'
const MAX_LISTED = 10_000
const CONTENT_TYPE = 'application/octet-stream'

type Asking = { sdk: Sdk; client: AwsSdk.S3Client; abortSignal: AbortSignal }

/**
 * One bucket of Amazon S3, or of a store that speaks its API. The SDK is loaded when it is first
 * needed: it is large, and an install that keeps its recordings in a directory has no use for it.
 */
export function createS3Store(settings: S3Settings, timeoutMs: number): RecordingStore {
  const { bucket, prefix } = settings
  let made: Promise<{ sdk: Sdk; client: AwsSdk.S3Client }> | null = null
  const connect = () => (made ??= load(settings))
  const nameOf = (key: string) => `${prefix}${requireObjectKey(key)}`

  const ask = async <T>(
    send: (o: Asking) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> => {
    const { sdk, client } = await connect()
    const tooLong = AbortSignal.timeout(timeoutMs)
    const abortSignal = signal === undefined ? tooLong : AbortSignal.any([signal, tooLong])
    try {
      return await send({ sdk, client, abortSignal })
    } catch (error) {
      throw error instanceof RecordingStoreError ? error : s3Failure(error)
    }
  }

  return {
    async put(key, bytes, o = {}) {
      requireSize(bytes)
      const name = nameOf(key)
      await ask(async ({ sdk, client, abortSignal }) => {
        const command = new sdk.PutObjectCommand({
          Bucket: bucket,
          Key: name,
          Body: bytes,
          ContentLength: bytes.length,
          ContentType: CONTENT_TYPE,
        })
        await client.send(command, { abortSignal })
      }, o.signal)
    },

    async get(key, o = {}) {
      const name = nameOf(key)
      return ask(async ({ sdk, client, abortSignal }) => {
        const command = new sdk.GetObjectCommand({ Bucket: bucket, Key: name })
        const { Body, ContentLength } = await client.send(command, { abortSignal })
        return wholeBody(Body, ContentLength)
      }, o.signal)
    },

    async remove(key) {
      const name = nameOf(key)
      await ask(async ({ sdk, client, abortSignal }) => {
        const command = new sdk.DeleteObjectCommand({ Bucket: bucket, Key: name })
        await client.send(command, { abortSignal })
      }, undefined)
    },

    async list(start) {
      const keys: string[] = []
      let after: string | undefined
      do {
        const page = await listPage(ask, { bucket, start: `${prefix}${start}`, after })
        for (const name of page.names) keys.push(name.slice(prefix.length))
        after = page.after
      } while (after !== undefined && keys.length < MAX_LISTED)
      return keys.slice(0, MAX_LISTED)
    },

    async ping() {
      await ask(async ({ sdk, client, abortSignal }) => {
        const command = new sdk.ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, MaxKeys: 1 })
        await client.send(command, { abortSignal })
      }, undefined)
    },

    async [Symbol.asyncDispose]() {
      const connected = await made?.catch(() => null)
      connected?.client.destroy()
    },
  }
}

async function load({ region, endpoint }: S3Settings) {
  const sdk = await import('@aws-sdk/client-s3')
  const client = new sdk.S3Client({
    // One try: who waits, and how often, is for the caller to say.
    maxAttempts: 1,
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    ...(region === undefined ? (endpoint === undefined ? {} : { region: ANY_REGION }) : { region }),
    // Others than AWS do not know the newer checksums; TLS and the seal's own tag stand for them.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  })
  return { sdk, client }
}

async function listPage(
  ask: <T>(send: (o: Asking) => Promise<T>, signal: undefined) => Promise<T>,
  o: { bucket: string; start: string; after: string | undefined },
): Promise<{ names: string[]; after: string | undefined }> {
  return ask(async ({ sdk, client, abortSignal }) => {
    const { Contents = [], NextContinuationToken: after } = await client.send(
      new sdk.ListObjectsV2Command({
        Bucket: o.bucket,
        Prefix: o.start,
        ...(o.after === undefined ? {} : { ContinuationToken: o.after }),
      }),
      { abortSignal },
    )
    const names = Contents.flatMap(({ Key }) => (Key === undefined ? [] : [Key]))
    if (names.some((name) => !name.startsWith(o.start))) throw notS3()
    return { names, after }
  }, undefined)
}

async function wholeBody(
  body: AwsSdk.GetObjectCommandOutput['Body'],
  length: number | undefined,
): Promise<Buffer> {
  if (body === undefined || length === undefined) throw notS3()
  if (length === 0 || length > MAX_STORED_BYTES) throw notS3()
  const chunks: Buffer[] = []
  let got = 0
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    chunks.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))
    got += chunk.byteLength
    if (got > length) throw notS3()
  }
  if (got !== length) throw notS3()
  return Buffer.concat(chunks, got)
}
