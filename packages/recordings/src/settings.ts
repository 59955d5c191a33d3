import { isAbsolute, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { variables } from '@callwire/runtime'
import { z } from 'zod'

export type FileSettings = {
  readonly kind: 'file'
  /** Absolute. */
  readonly directory: string
}

export type S3Settings = {
  readonly kind: 's3'
  readonly bucket: string
  /** Before every key: empty, or with a slash at its end. */
  readonly prefix: string
  /** Undefined: what the AWS configuration says. */
  readonly region: string | undefined
  /** Undefined: AWS itself. */
  readonly endpoint: string | undefined
}

export type RecordingSettings = FileSettings | S3Settings

/** Rules of bucket names: Amazon S3 User Guide, "General purpose bucket naming rules". */
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/
const PREFIX = /^[A-Za-z0-9_-][A-Za-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/
const MAX_PREFIX_CHARACTERS = 200

const endpointUrl = variables.url.refine(isEndpoint, {
  error: 'must be an http:// or https:// URL without a user, a path, a query or a fragment',
})

const recordingsUrl = z.string().refine((text) => parseRecordingsUrl(text) !== null, {
  error: 'must be file:///<directory> or s3://<bucket>/<prefix>',
})

/** The variables of whoever reads or writes recordings. Credentials are found as the AWS SDK finds them. */
export const recordingVariables = {
  RECORDINGS_URL: recordingsUrl.optional(),
  AWS_REGION: z
    .string()
    .regex(/^[a-z0-9-]{1,64}$/, 'must be the name of an AWS region')
    .optional(),
  AWS_ENDPOINT_URL: endpointUrl.optional(),
  AWS_ENDPOINT_URL_S3: endpointUrl.optional(),
}

/** What the AWS SDK reads for itself, to be passed to a process that speaks to S3. */
export const awsVariables = [
  'AWS_REGION',
  'AWS_ENDPOINT_URL',
  'AWS_ENDPOINT_URL_S3',
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
] as const

type Values = { readonly [Name in keyof typeof recordingVariables]?: string | undefined }

/** The store that the variables name, or null where none is: then nothing is recorded. */
export function recordingSettings(values: Values): RecordingSettings | null {
  if (values.RECORDINGS_URL === undefined) return null
  const parsed = parseRecordingsUrl(values.RECORDINGS_URL)
  if (parsed === null) throw new TypeError('RECORDINGS_URL was not checked')
  if (parsed.kind === 'file') return parsed
  const endpoint = values.AWS_ENDPOINT_URL_S3 ?? values.AWS_ENDPOINT_URL
  return { ...parsed, region: values.AWS_REGION, endpoint }
}

/**
 * A person's RECORDINGS_URL as the services take it: `file:recordings` is a directory in the data
 * directory. Everything else is left as it is.
 */
export function absoluteRecordingsUrl(text: string, dataDir: string): string {
  const relative = /^file:(?!\/)(.+)$/i.exec(text)?.[1]
  if (relative === undefined) return text
  return pathToFileURL(join(resolve(dataDir), relative)).href
}

/** Whether a text can be a RECORDINGS_URL, before it is made absolute. */
export function isRecordingsUrl(text: string): boolean {
  return parseRecordingsUrl(absoluteRecordingsUrl(text, '/')) !== null
}

function parseRecordingsUrl(
  text: string,
): FileSettings | Pick<S3Settings, 'kind' | 'bucket' | 'prefix'> | null {
  if (!URL.canParse(text)) return null
  const url = new URL(text)
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    return null
  }
  if (url.protocol === 'file:') return /^file:\/\//i.test(text) ? fileSettings(url) : null
  if (url.protocol !== 's3:' || url.port !== '') return null
  const bucket = url.hostname
  const prefix = url.pathname.replace(/^\/+/, '').replace(/\/+$/, '')
  if (!BUCKET.test(bucket) || prefix.length > MAX_PREFIX_CHARACTERS) return null
  if (prefix !== '' && !PREFIX.test(prefix)) return null
  return { kind: 's3', bucket, prefix: prefix === '' ? '' : `${prefix}/` }
}

function fileSettings(url: URL): FileSettings | null {
  if (url.hostname !== '') return null
  try {
    const directory = fileURLToPath(url)
    return isAbsolute(directory) && resolve(directory) !== '/'
      ? { kind: 'file', directory: resolve(directory) }
      : null
  } catch {
    // An escaped slash names no one place.
    return null
  }
}

function isEndpoint(text: string): boolean {
  const url = new URL(text)
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    return false
  }
  return /^https?:$/.test(url.protocol) && url.pathname === '/'
}
