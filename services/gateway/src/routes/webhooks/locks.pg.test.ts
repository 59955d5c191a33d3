import { eventually } from '@callwire/testkit'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { textAt } from '../../testing/gateway-under-test.ts'
import { webhooksUnderTest, type WebhooksUnderTest } from '../../testing/webhooks-under-test.ts'

let w: WebhooksUnderTest
beforeAll(async () => {
  w = await webhooksUnderTest()
})
afterAll(() => w[Symbol.asyncDispose]())
beforeEach(() => w.empty())

// The courier holds an endpoint first and its messages then: in another order both would wait.
it.each([
  ['DELETE', '', undefined, 204],
  ['POST', '/replay', { since: new Date(Date.now() - 3_600_000).toISOString() }, 200],
] as const)(
  '%s %s waits for a courier with no message in hand',
  async (method, path, body, status) => {
    const id = await w.registered()
    const message = textAt(await w.send('POST', `/${id}/test`), 'delivery.id')
    const answer = await w.sql.begin(async (tx) => {
      await tx`select from webhook_endpoints where id = ${id} for key share`
      const asked = w.send(method, `/${id}${path}`, body)
      await eventually(async () => {
        const waiting = await w.sql`
        select from pg_stat_activity
        where wait_event_type = 'Lock' and datname = current_database()`
        return waiting.length > 0
      })
      await tx`update webhook_deliveries set last_error = 'timeout' where id = ${message}`
      await tx`update webhook_endpoints set failing_since = now() where id = ${id}`
      return { asked }
    })
    expect((await answer.asked).status).toBe(status)
  },
)
