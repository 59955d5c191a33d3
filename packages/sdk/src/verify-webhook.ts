import { Webhook } from 'standardwebhooks'
import { CallwireError } from './error.ts'

/** A message as Callwire's webhooks carry it. */
export type WebhookMessage = { type: string; timestamp: string; data: unknown }

type HeaderBag = Headers | Readonly<Record<string, string | readonly string[] | undefined>>

const signedBy = ['webhook-id', 'webhook-timestamp', 'webhook-signature'] as const

/**
 * Checks that a message is Callwire's and not older than five minutes, and opens it. `webhook-id`
 * stays the same when a message is sent again: remember it to act on each once.
 *
 * @param body - as it arrived, before anything parsed it
 * @param secret - `whsec_…`; several while one replaces another
 * @throws CallwireError `bad_signature`
 */
export function verifyWebhook(
  body: string,
  headers: HeaderBag,
  secret: string | readonly string[],
): WebhookMessage {
  const given = Object.fromEntries(signedBy.map((name) => [name, headerOf(headers, name)]))
  for (const one of typeof secret === 'string' ? [secret] : secret) {
    try {
      const message = new Webhook(one).verify(body, given)
      if (isMessage(message)) return message
    } catch {
      // The next secret may be the one; what is wrong with this one is not for strangers to learn.
    }
  }
  throw new CallwireError({
    code: 'bad_signature',
    message: 'The message is not signed with any of the secrets, or is too old',
    status: 0,
  })
}

function headerOf(headers: HeaderBag, name: string): string {
  if (headers instanceof Headers) return headers.get(name) ?? ''
  const [, value] = Object.entries(headers).find(([key]) => key.toLowerCase() === name) ?? []
  return (typeof value === 'string' ? value : value?.[0]) ?? ''
}

function isMessage(value: unknown): value is WebhookMessage {
  return (
    typeof value === 'object' &&
    value !== null &&
    'data' in value &&
    'type' in value &&
    typeof value.type === 'string' &&
    'timestamp' in value &&
    typeof value.timestamp === 'string'
  )
}
