/**
 * Every reason for which a message did not get through to a webhook, and what it means to a person.
 * The set is closed: a new code is added here or nowhere.
 */
export const webhookErrorCodes = {
  http_status: 'The host answered with something else than a 2xx; its status stands beside.',
  redirected: 'The host answered with a redirect, which is never followed.',
  gone: 'The host answered 410 Gone: the webhook was turned off.',
  timeout: 'The host did not answer in time.',
  connect_failed: 'Nobody took the connection.',
  connection_lost: 'The connection ended before there was an answer, or the answer was no HTTP.',
  dns_failed: 'The host’s name has no address.',
  tls_failed: 'The TLS connection failed: most often the certificate.',
  address_forbidden: 'The host has an address that is not of the public internet.',
  url_invalid: 'The address of the webhook is one that messages may not go to (any more).',
  secret_unreadable: 'The signing secret cannot be opened; nothing was sent.',
  subject_gone: 'What the message was about is no longer there; nothing was sent.',
  type_removed: 'The webhook is not told of events of this type any more; nothing was sent.',
  not_recorded: 'What became of the attempt could not be written down.',
} as const

export type WebhookErrorCode = keyof typeof webhookErrorCodes
