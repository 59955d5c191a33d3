export {
  createClient,
  type CallReceipt,
  type Client,
  type IngestCredentials,
  type PhoneFilters,
  type Session,
} from './client.ts'
export type { Page } from './verbs.ts'
export { verifyWebhook, type WebhookMessage } from './verify-webhook.ts'
export { CallwireError } from './error.ts'
export { followCall, type Followed, type FollowOptions } from './follow-call.ts'
export { openConsumer, type ConsumerConnection } from './consumer-connection.ts'
export type { Download, DownloadOptions } from './download.ts'
export type { TransportOptions } from './transport.ts'
