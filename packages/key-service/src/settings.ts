import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'

import { ConfigError, readConfig, Secret, variables } from '@callwire/runtime'
import { z } from 'zod'

import { KeyServiceError } from './key-service-error.ts'

export type VaultSettings = {
  readonly kind: 'vault'
  /** Without a slash at its end. */
  readonly address: string
  /** Asked for at each request: a token's file is replaced while we run. */
  readonly token: () => Secret
  readonly transitKey: string
  readonly namespace: string | undefined
}

export type AwsKmsSettings = {
  readonly kind: 'aws-kms'
  /** An id, an ARN or an alias. */
  readonly keyId: string
  /** Undefined: what the AWS configuration says. */
  readonly region: string | undefined
  readonly endpoint: string | undefined
}

export type KeyServiceSettings = VaultSettings | AwsKmsSettings

const serviceUrl = variables.url.refine(
  isSafeUrl,
  'must be an https:// URL (http:// for a loopback host alone), without a user, a query or a fragment',
)

/** The variables of both services; which of them must be set depends on the service. */
export const keyServiceVariables = {
  KEY_SERVICE: z.enum(['vault', 'aws-kms'], 'must be vault or aws-kms').optional(),
  VAULT_ADDR: serviceUrl.optional(),
  VAULT_TOKEN: z
    .string()
    .regex(/^[\x21-\x7e]+$/, 'must be a token on one line')
    .optional(),
  VAULT_TRANSIT_KEY: z
    .string()
    .regex(/^\w([\w.-]*\w)?$/, 'must be the name of a transit key')
    .optional(),
  VAULT_NAMESPACE: z
    .string()
    .regex(/^[\w./-]+$/, 'must be the path of a namespace')
    .optional(),
  AWS_KMS_KEY_ID: z
    .string()
    .regex(/^[\w:/-]{1,2048}$/, 'must be the id, the ARN or an alias of a KMS key')
    .optional(),
  AWS_ENDPOINT_URL_KMS: serviceUrl.optional(),
  AWS_REGION: z
    .string()
    .regex(/^[a-z0-9-]{1,64}$/, 'must be the name of an AWS region')
    .optional(),
}

const schema = z.object(keyServiceVariables)

/**
 * The key service that the environment asks for, or null. AWS credentials are found as the AWS SDK
 * finds them. @throws ConfigError naming what is missing or malformed
 */
export function readKeyServiceSettings(env: NodeJS.ProcessEnv): KeyServiceSettings | null {
  const values = readConfig(schema, env)
  if (values.KEY_SERVICE === undefined) return null
  if (values.KEY_SERVICE === 'vault') {
    const { VAULT_ADDR, VAULT_TOKEN, VAULT_TRANSIT_KEY } = needed(values, [
      'VAULT_ADDR',
      'VAULT_TOKEN',
      'VAULT_TRANSIT_KEY',
    ])
    const path = env['VAULT_TOKEN_FILE'] ?? ''
    const secret = new Secret(VAULT_TOKEN)
    return {
      kind: 'vault',
      address: VAULT_ADDR.replace(/\/+$/, ''),
      token: path === '' ? () => secret : () => tokenIn(path),
      transitKey: VAULT_TRANSIT_KEY,
      namespace: values.VAULT_NAMESPACE,
    }
  }
  const { AWS_KMS_KEY_ID } = needed(values, ['AWS_KMS_KEY_ID'])
  return {
    kind: 'aws-kms',
    keyId: AWS_KMS_KEY_ID,
    region: values.AWS_REGION ?? regionOfArn(AWS_KMS_KEY_ID),
    endpoint: values.AWS_ENDPOINT_URL_KMS,
  }
}

type Values = z.output<typeof schema>

function needed<Name extends keyof Values>(
  values: Values,
  names: readonly Name[],
): Record<Name, string> {
  const missing = names.filter((name) => values[name] === undefined)
  if (missing.length > 0) {
    const service = values.KEY_SERVICE ?? ''
    throw new ConfigError(
      missing.map((name) => ({
        name,
        sentence: `${name} is not set, and KEY_SERVICE is ${service}.`,
      })),
    )
  }
  return values as Record<Name, string>
}

function tokenIn(path: string): Secret {
  try {
    const text = readFileSync(path, 'utf8').trim()
    return new Secret(schema.shape.VAULT_TOKEN.unwrap().parse(text))
  } catch {
    throw new KeyServiceError(
      'key_service_denied',
      'VAULT_TOKEN_FILE names a file that cannot be read as a token.',
    )
  }
}

/** `arn:aws:kms:<region>:<account>:key/…` */
function regionOfArn(keyId: string): string | undefined {
  const [arn, , service, region = ''] = keyId.split(':')
  return arn === 'arn' && service === 'kms' && region !== '' ? region : undefined
}

/** Keys travel in the clear inside the connection. */
function isSafeUrl(text: string): boolean {
  const url = new URL(text)
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    return false
  }
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))
}

function isLoopback(hostname: string): boolean {
  if (hostname === 'localhost' || hostname === '[::1]') return true
  return isIP(hostname) === 4 && hostname.startsWith('127.')
}
