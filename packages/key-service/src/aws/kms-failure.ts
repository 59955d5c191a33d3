import { awsStatusOf } from '@callwire/runtime'
import { KeyServiceError } from '../key-service-error.ts'
import { connectionCode, isUntrusted, untrustedAt } from '../transport.ts'

/** The errors of KMS' API reference, and those common to AWS' services, by what they mean to us. */
const meaning: Readonly<Record<string, 'denied' | 'rejected' | 'later'>> = {
  AccessDenied: 'denied',
  AccessDeniedException: 'denied',
  ExpiredToken: 'denied',
  ExpiredTokenException: 'denied',
  IncompleteSignature: 'denied',
  IncompleteSignatureException: 'denied',
  InvalidClientTokenId: 'denied',
  InvalidSignatureException: 'denied',
  MissingAuthenticationToken: 'denied',
  MissingAuthenticationTokenException: 'denied',
  NotAuthorized: 'denied',
  OptInRequired: 'denied',
  SignatureDoesNotMatch: 'denied',
  UnrecognizedClientException: 'denied',
  CredentialsProviderError: 'denied',
  TokenProviderError: 'denied',
  DependencyTimeoutException: 'later',
  KeyUnavailableException: 'later',
  KMSInternalException: 'later',
  LimitExceededException: 'later',
  RequestLimitExceeded: 'later',
  Throttling: 'later',
  ThrottlingException: 'later',
  DisabledException: 'rejected',
  IncorrectKeyException: 'rejected',
  InvalidArnException: 'rejected',
  InvalidCiphertextException: 'rejected',
  InvalidKeyUsageException: 'rejected',
  KMSInvalidStateException: 'rejected',
  NotFoundException: 'rejected',
  ValidationException: 'rejected',
}

/** Pure: what an error of the SDK means. Only its name and its status are looked at. */
export function kmsFailure(error: unknown, where: string): KeyServiceError {
  const known = error instanceof Error ? meaning[error.name] : undefined
  const status = awsStatusOf(error)
  if (known === 'denied') {
    return new KeyServiceError(
      'key_service_denied',
      `${where} does not let us in: check the AWS credentials of this process and this machine's clock, and that kms:Encrypt and kms:Decrypt are allowed on the key that AWS_KMS_KEY_ID names.`,
    )
  }
  if (known === 'rejected') return notItsOwn(where)
  if (known === 'later' || status === 429 || (status !== null && status >= 500)) {
    return new KeyServiceError(
      'key_service_unreachable',
      `${where} cannot answer now: look at the key's state and at AWS' health page.`,
    )
  }
  if (isUntrusted(error)) return untrustedAt(where)
  if (status === null || connectionCode(error) !== null) {
    return new KeyServiceError(
      'key_service_unreachable',
      `${where} does not answer: check AWS_REGION and AWS_ENDPOINT_URL_KMS, and the way there.`,
    )
  }
  return notKms(where)
}

export function notItsOwn(where: string): KeyServiceError {
  return new KeyServiceError(
    'key_service_rejected',
    `${where} refuses it: check that AWS_KMS_KEY_ID names the key that wrapped it, that this key is enabled, and that it is the base64 of a CiphertextBlob.`,
  )
}

export function notKms(where: string): KeyServiceError {
  return new KeyServiceError(
    'key_service_malformed',
    `${where} does not answer as KMS does: check AWS_ENDPOINT_URL_KMS.`,
  )
}
