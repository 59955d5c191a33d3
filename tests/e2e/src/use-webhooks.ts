import { eventTypes } from '@callwire/contracts'
import { eventually } from '@callwire/testkit'
import type { Constellation } from './constellation.ts'
import type { Recorder } from './search/recorder.ts'
import type { WebhookReceiver } from './webhook-receiver.ts'

/**
 * Registers webhooks with somebody who keeps no record of their secrets, one that arrives and some
 * that do not; then asks for everything that there is to ask, rightly and wrongly, and keeps each
 * answer. Gives the one that arrives.
 */
export async function useWebhooks(
  system: Constellation,
  recorder: Recorder,
  receiver: WebhookReceiver,
): Promise<{ id: string; secrets: Record<string, string> }> {
  const { client } = system
  const ask = (method: string, path: string, body?: unknown) =>
    recorder.ask({
      method,
      url: new URL(`/api/v1/webhooks${path}`, system.gatewayUrl),
      token: system.apiKey,
      body,
    })
  const all = { eventTypes: [...eventTypes] }
  const { webhook } = await client.webhooks.create({ url: receiver.url, ...all })
  const nowhere = 'https://no-such-host.invalid/hook'
  const lost = await client.webhooks.create({ url: nowhere, ...all })
  const next = await client.webhooks.rotateSecret(webhook.id)
  for (const id of [webhook.id, lost.webhook.id]) {
    const { delivery } = await client.webhooks.test(id)
    await eventually(
      async () => {
        const { deliveries } = await client.webhooks.deliveries(id)
        return deliveries.some((one) => one.id === delivery.id && one.attempts > 0)
      },
      { boundMs: 30_000, what: 'an attempt' },
    )
    await ask('POST', `/${id}/replay`, { deliveryId: delivery.id })
    await ask('POST', `/${id}/replay`, { since: new Date(0).toISOString() })
    await ask('PATCH', `/${id}`, { url: 'http://10.0.0.1/' })
    await ask('PATCH', `/${id}`, { secret: webhook.secret })
  }
  const withLogin = Object.assign(new URL('https://example.com'), { username: 'u', password: 'p' })
  await ask('POST', '', { url: withLogin.href, ...all })
  return {
    id: webhook.id,
    secrets: {
      'a webhook’s secret': webhook.secret.slice('whsec_'.length),
      'a webhook’s next secret': next.webhook.secret.slice('whsec_'.length),
      'a lost webhook’s secret': lost.webhook.secret.slice('whsec_'.length),
    },
  }
}
