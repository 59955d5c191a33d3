import type {
  createWebhookBody,
  patchWebhookBody,
  replayWebhookBody,
  Webhook,
  WebhookDelivery,
  WebhookWithSecret,
} from '@callwire/contracts'
import type { z } from 'zod'
import { at, type Page, type PageQuery, type Verbs } from './verbs.ts'

/** Where the tenant's own systems are told of what happens. */
export function webhookRoutes({ get, request, remove }: Verbs) {
  return {
    /** The one time, but for a rotation, that the secret is shown. */
    create: (body: z.input<typeof createWebhookBody>) =>
      request<{ webhook: WebhookWithSecret }>('POST', 'webhooks', { body }),
    list: (query: PageQuery = {}) => get<Page<'webhooks', Webhook>>('webhooks', query),
    get: (id: string) => get<{ webhook: Webhook }>(`webhooks/${at(id)}`),
    update: (id: string, body: z.input<typeof patchWebhookBody>) =>
      request<{ webhook: Webhook }>('PATCH', `webhooks/${at(id)}`, { body, repeatable: true }),
    delete: (id: string) => remove(`webhooks/${at(id)}`),
    enable: (id: string) =>
      request<{ webhook: Webhook }>('POST', `webhooks/${at(id)}/enable`, { repeatable: true }),
    rotateSecret: (id: string, query: { overlapHours?: number } = {}) =>
      request<{ webhook: WebhookWithSecret }>('POST', `webhooks/${at(id)}/secret`, { query }),
    deliveries: (id: string, query: PageQuery & { state?: WebhookDelivery['state'] } = {}) =>
      get<Page<'deliveries', WebhookDelivery>>(`webhooks/${at(id)}/deliveries`, query),
    replay: (id: string, body: z.input<typeof replayWebhookBody>) =>
      request<{ replayed: number }>('POST', `webhooks/${at(id)}/replay`, { body }),
    test: (id: string) => request<{ delivery: WebhookDelivery }>('POST', `webhooks/${at(id)}/test`),
  }
}
