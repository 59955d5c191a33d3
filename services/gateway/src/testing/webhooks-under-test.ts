import postgres from 'postgres'
import { fixturesOf } from './fixtures.ts'
import {
  gatewayUnderTest,
  textAt,
  type Answer,
  type GatewayUnderTest,
} from './gateway-under-test.ts'

export type WebhooksUnderTest = AsyncDisposable & {
  gw: GatewayUnderTest
  /** Past every fence. */
  sql: postgres.Sql
  /** A call of the tenant, with one fact. */
  callId: string
  /** A request below `/webhooks`, as the tenant's unless another key is given. */
  send(
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
    path: string,
    body?: object,
    token?: string,
  ): Promise<Answer>
  register(over?: object): Promise<Answer>
  /** Registers one and gives its id. */
  registered(over?: object): Promise<string>
  /** Takes away every webhook, and every alert. */
  empty(): Promise<void>
}

/** A gateway with a call to tell of, and a way to speak of webhooks. */
export async function webhooksUnderTest(): Promise<WebhooksUnderTest> {
  await using opened = new AsyncDisposableStack()
  const gw = opened.use(
    await gatewayUnderTest({ env: { WEBHOOK_ALLOWED_HOSTS: '127.0.0.1:9000' } }),
  )
  const sql = postgres(gw.databaseUrl, {
    max: 2,
    onnotice: () => undefined,
    connection: { search_path: 'app' },
  })
  opened.defer(() => sql.end())
  const { calls: callId } = await fixturesOf(gw, gw.tenant.apiKey)
  const send: WebhooksUnderTest['send'] = (method, path, body, token = gw.tenant.apiKey) =>
    gw.send({
      method,
      url: `/api/v1/webhooks${path}`,
      token,
      ...(body === undefined ? {} : { body }),
    })
  const register: WebhooksUnderTest['register'] = (over = {}) =>
    send('POST', '', { url: 'https://example.com/hook', eventTypes: ['call.status'], ...over })
  const kept = opened.move()
  return {
    gw,
    sql,
    callId,
    send,
    register,
    registered: async (over) => textAt(await register(over), 'webhook.id'),
    empty: async () => {
      await sql`truncate webhook_endpoints, tenant_alerts cascade`
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

/** Status and error code, such as `409 conflict`; `201 ` when it went well. */
export function codeOf({ status, json }: Answer): string {
  return `${status} ${(json as { error?: { code: string } }).error?.code ?? ''}`
}
