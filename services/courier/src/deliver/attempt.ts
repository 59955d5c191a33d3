import { CryptoError, openCredential } from '@callwire/crypto'
import { sealContexts } from '@callwire/keyring'
import type { CourierDeps } from '../deps.ts'
import { signMessage } from '../send/sign-message.ts'
import { targetOf } from '../send/target.ts'
import type { Claimed, ClaimedEndpoint } from './claim-messages.ts'
import type { Attempted } from './decide-outcome.ts'
import { messageBody } from './message-body.ts'

type Deps = Pick<CourierDeps, 'sender' | 'webhookRing' | 'allowedHosts' | 'clock' | 'log'>

/** Makes the message, signs it and sends it once. */
export async function attempt(d: Deps, message: Claimed): Promise<Attempted> {
  const { endpoint, id, subject } = message
  if (subject === null) return { kind: 'not_sent', error: 'subject_gone' }
  const target = targetOf(endpoint.url, d.allowedHosts)
  if (target === null) return { kind: 'not_sent', error: 'url_invalid' }
  const secrets = openSecrets(d, endpoint)
  if (secrets === null) return { kind: 'not_sent', error: 'secret_unreadable' }
  const body = messageBody(subject)
  const signed = signMessage(secrets, { id, atMs: d.clock.now(), body })
  const headers = {
    ...signed,
    'content-type': 'application/json',
    'user-agent': 'Callwire-Webhooks/1',
  }
  return d.sender.send(target, { headers, body })
}

/**
 * The secrets in clear, for the length of one signature; null when one does not open, or there is
 * none. Signed with the others alone, a receiver could not tell a rotation from a forgery.
 */
function openSecrets(d: Deps, endpoint: ClaimedEndpoint): string[] | null {
  const { tenantId, endpointId, secrets } = endpoint
  if (secrets.length === 0) return null
  try {
    return secrets.map(({ id, sealed }) =>
      openCredential(d.webhookRing, sealContexts.webhookSecret(tenantId, endpointId, id), sealed),
    )
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error
    d.log.error({ tenantId, endpointId }, 'signing secret does not open')
    return null
  }
}
