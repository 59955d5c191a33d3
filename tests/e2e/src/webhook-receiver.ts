import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { verifyWebhook, type WebhookMessage } from '@callwire/sdk'

type Arrived = { headers: Record<string, string>; body: string }

/** A tenant's own system: keeps every message it gets, and answers as it is told. */
export type WebhookReceiver = AsyncDisposable & {
  /** As WEBHOOK_ALLOWED_HOSTS names it. */
  host: string
  url: string
  arrived(): readonly Arrived[]
  /** From now on. */
  answer(status: number): void
}

export async function startWebhookReceiver(): Promise<WebhookReceiver> {
  const arrived: Arrived[] = []
  let status = 204
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
      )
      arrived.push({ headers, body })
      response.writeHead(status).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const host = `127.0.0.1:${String((server.address() as AddressInfo).port)}`
  return {
    host,
    url: `http://${host}/hook`,
    arrived: () => arrived,
    answer: (next) => (status = next),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** A message and its id. Throws when it is not signed with the secret. */
export function messageOf(
  { headers, body }: Arrived,
  secret: string,
): WebhookMessage & { id: string } {
  return { ...verifyWebhook(body, headers, secret), id: headers['webhook-id'] ?? '' }
}
