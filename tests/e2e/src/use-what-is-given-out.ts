import type { Constellation } from './constellation.ts'
import { knockAt } from './consumer-frames.ts'
import { textSink, type Sink } from './search/needles.ts'
import type { Recorder } from './search/recorder.ts'
import { account } from './simulator.ts'

export const lastSegment = (url: URL) => url.pathname.split('/').at(-1) ?? ''

/**
 * Lets a system hand out everything that it shows once, to somebody who keeps no record of it; then uses each,
 * rightly and wrongly, where every answer is recorded.
 */
export async function useWhatIsGivenOut(
  system: Constellation,
  recorder: Recorder,
  phoneId: string,
): Promise<{ secrets: Record<string, string>; sinks: Sink[] }> {
  const { client, tenant } = system
  const ask = (method: string, path: string, body?: unknown, token = system.apiKey) =>
    recorder.ask({ method, url: new URL(path, system.gatewayUrl), token, body })
  const { ingestCredentials } = await client.phones.createIngestCredentials(phoneId)
  const { user } = await client.users.create({ email: 'second@acme.example', role: 'supervisor' })
  const { apiKey } = await client.apiKeys.create({ name: 'second', scopes: ['calls:read'] })
  const session = await client.auth.login({ email: tenant.email, password: tenant.password })
  const { ticket } = await client.copilot.createTicket()
  const mistyped = `${tenant.password}-mistyped`
  const replaced = 'e2eReplaced-90ab12cd34'
  const resolveToken = lastSegment(new URL(ingestCredentials.resolveUrl))

  const config = { ...account, subdomain: system.simulator.host }
  await ask('PUT', `/api/v1/phones/${phoneId}/credentials`, { ...config, apiToken: replaced })
  await ask('POST', `/api/v1/phones/${phoneId}/check`)
  await ask('PUT', `/api/v1/phones/${phoneId}/credentials`, config)
  await ask('POST', `/api/v1/phones/${phoneId}/check`)
  const number = { number: '08047112299', country: 'IN' }
  await ask('POST', '/api/v1/phones', { ...config, ...number })
  const elsewhere = { ...config, subdomain: 'evil.example' }
  await ask('POST', '/api/v1/phones', { ...number, exotelConfig: elsewhere })
  await ask('POST', '/api/v1/auth/login', { email: tenant.email, password: mistyped })
  await ask('POST', '/api/v1/auth/refresh', { refreshToken: `${session.refreshToken}x` })
  await ask('GET', '/api/v1/calls', undefined, apiKey.secret)
  await ask('GET', '/api/v1/phones', undefined, `${apiKey.secret}x`)
  await ask('GET', '/api/v1/users', undefined, session.accessToken)
  await ask('GET', `/v1/ingest/resolve/${resolveToken}?CallSid=unknown`)
  const door = `${system.socketUrl}/v1/ingest`
  const basic = `Basic ${btoa(`${ingestCredentials.key}:${ingestCredentials.token}`)}`
  const answers: Sink[] = []
  for (const authorization of [basic, `${basic}x`])
    answers.push(textSink('answer to a knock', await knockAt(door, { authorization })))

  return {
    sinks: answers,
    secrets: {
      'an ingest token': ingestCredentials.token,
      'a resolve token': resolveToken,
      'a one-time password': user.password,
      'a second API key': apiKey.secret,
      'an access token': session.accessToken,
      'a refresh token': session.refreshToken,
      'a ticket': ticket,
      'a password that was mistyped': mistyped,
      'credentials that were replaced': replaced,
    },
  }
}
