import { awsStatusOf } from '@callwire/runtime'
import { objectMissing, RecordingStoreError } from '../recording-store-error.ts'

/** Errors of the S3 API reference ("Error responses") and of the SDK, by what they mean to us. */
const meaning: Readonly<Record<string, 'denied' | 'missing' | 'later'>> = {
  AccessDenied: 'denied',
  AccountProblem: 'denied',
  AllAccessDisabled: 'denied',
  AuthorizationHeaderMalformed: 'denied',
  CredentialsProviderError: 'denied',
  ExpiredToken: 'denied',
  Forbidden: 'denied',
  InvalidAccessKeyId: 'denied',
  InvalidSecurity: 'denied',
  InvalidToken: 'denied',
  NoSuchBucket: 'denied',
  PermanentRedirect: 'denied',
  RequestTimeTooSkewed: 'denied',
  SignatureDoesNotMatch: 'denied',
  TokenProviderError: 'denied',
  NoSuchKey: 'missing',
  NotFound: 'missing',
  InternalError: 'later',
  OperationAborted: 'later',
  RequestTimeout: 'later',
  ServiceUnavailable: 'later',
  SlowDown: 'later',
  ThrottlingException: 'later',
  TimeoutError: 'later',
  AbortError: 'later',
}

/** Pure: what an error of the SDK means. Only its name and its status are looked at. */
export function s3Failure(error: unknown): RecordingStoreError {
  const known = error instanceof Error ? meaning[error.name] : undefined
  const status = awsStatusOf(error)
  if (known === 'missing') return objectMissing()
  if (known === 'denied' || status === 401 || status === 403) {
    return new RecordingStoreError(
      'recording_store_denied',
      'The S3 store of recordings does not let us in: check the AWS credentials and AWS_REGION of this process, its clock, that the bucket of RECORDINGS_URL is there, and that s3:PutObject, s3:GetObject, s3:DeleteObject and s3:ListBucket are allowed on it.',
    )
  }
  if (isRegionMissing(error)) {
    return new RecordingStoreError(
      'recording_store_denied',
      'AWS_REGION is not set, and the AWS configuration names no region.',
    )
  }
  const later = known === 'later' || status === null || status === 429 || status >= 500
  return later ? unreachable() : notS3()
}

export function notS3(): RecordingStoreError {
  return new RecordingStoreError(
    'recording_store_malformed',
    'The store of recordings does not answer as S3 does: check AWS_ENDPOINT_URL_S3 and RECORDINGS_URL.',
  )
}

function unreachable(): RecordingStoreError {
  return new RecordingStoreError(
    'recording_store_unreachable',
    'The S3 store of recordings does not answer now: check AWS_ENDPOINT_URL_S3 and AWS_REGION, and the way there.',
  )
}

function isRegionMissing(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('Region is missing')
}
