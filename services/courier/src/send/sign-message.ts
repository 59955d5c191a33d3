import { Webhook } from 'standardwebhooks'

/** The headers of Standard Webhooks. */
export type SignedHeaders = {
  'webhook-id': string
  'webhook-timestamp': string
  'webhook-signature': string
}

/**
 * Signs a message with each of an endpoint's secrets (`whsec_…`), so that a receiver which knows
 * any of them can tell that it is ours.
 *
 * @param atMs - epoch ms of this attempt, not of the fact
 */
export function signMessage(
  secrets: readonly string[],
  o: { id: string; atMs: number; body: string },
): SignedHeaders {
  const at = new Date(o.atMs)
  return {
    'webhook-id': o.id,
    'webhook-timestamp': String(Math.floor(o.atMs / 1_000)),
    'webhook-signature': secrets
      .map((secret) => new Webhook(secret).sign(o.id, at, o.body))
      .join(' '),
  }
}
