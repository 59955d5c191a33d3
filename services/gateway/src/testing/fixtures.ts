import { textAt, type Answer, type GatewayUnderTest } from './gateway-under-test.ts'

/** Things of one tenant, by the first part of the path that leads to them. */
export type Fixtures = {
  agents: string
  phones: string
  calls: string
  users: string
  'api-keys': string
  'never-call': string
  webhooks: string
}

export const account = {
  apiKey: 'canary/key+1',
  apiToken: 'canary:token%2',
  sid: 'acme1',
  subdomain: 'api.exotel.com',
}

let counter = 0

/** Makes one of each through the API, and gives their ids. */
export async function fixturesOf(gw: GatewayUnderTest, token: string): Promise<Fixtures> {
  counter += 1
  const post = async (url: string, body: unknown): Promise<Answer> => {
    const answer = await gw.send({
      method: 'POST',
      url: `/api/v1${url}`,
      token,
      body,
      headers: { 'idempotency-key': `fixture-${counter}` },
    })
    if (answer.status >= 300) throw new Error(`${url} answered ${answer.status} ${answer.text}`)
    return answer
  }
  const agents = textAt(
    await post('/agents', { name: 'Flow', kind: 'flow', appId: '42' }),
    'agent.id',
  )
  const phone = await post('/phones', {
    number: `+9180471${String(10_000 + counter)}`,
    country: 'IN',
    exotelConfig: account,
    agentId: agents,
  })
  const phones = textAt(phone, 'phone.id')
  const call = await post('/calls', { phoneId: phones, to: `+9198765${String(10_000 + counter)}` })
  const user = await post('/users', { email: `agent${counter}@example.com`, role: 'agent' })
  const key = await post('/api-keys', { name: 'reader', scopes: ['calls:read'] })
  const listed = await post('/never-call', {
    number: `+9198700${String(10_000 + counter)}`,
    reason: 'Asked',
  })
  const webhook = await post('/webhooks', {
    url: 'https://example.com/hook',
    eventTypes: ['call.status'],
  })
  return {
    agents,
    phones,
    calls: textAt(call, 'call.id'),
    users: textAt(user, 'user.id'),
    'api-keys': textAt(key, 'apiKey.id'),
    'never-call': textAt(listed, 'neverCall.id'),
    webhooks: textAt(webhook, 'webhook.id'),
  }
}
