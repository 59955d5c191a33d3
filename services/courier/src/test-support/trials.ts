import { webhookDeliveries, webhookEndpoints } from '@callwire/db'
import { eventually } from '@callwire/testkit'
import { eq, sql } from 'drizzle-orm'
import { Webhook } from 'standardwebhooks'
import type { EndpointId } from '../deps.ts'
import type { Received } from './receiver.ts'
import { startTestCourier, type RunningCourier, type Suite } from './suite.ts'

type Row = typeof webhookDeliveries.$inferSelect

/** The samples of `/metrics`, once one of them says so: what is counted comes after what is sent. */
export const metered = (courier: RunningCourier, sample: string) =>
  eventually(
    async () => {
      const response = await fetch(`http://127.0.0.1:${courier.port}/metrics`)
      return (await response.text()).split('\n').includes(sample)
    },
    { what: sample },
  )

/** Waits short enough for a test. */
export const quick = { scanMs: 50, pollMs: 50, gatherMs: 5, sendTimeoutMs: 15_000 }

/** What tests of deliveries do with a suite's install and its host. */
export type Trials = {
  start: (over?: Parameters<typeof startTestCourier>[1]) => Promise<RunningCourier>
  /** A place at the host for one endpoint's messages. */
  pathOf: (name: string) => string
  /** Messages that arrived there. */
  arrived: (name: string) => Received[]
  arrives: (name: string, count?: number) => Promise<Received[]>
  change: (at: EndpointId, set: Partial<typeof webhookEndpoints.$inferInsert>) => Promise<void>
  /** Moves time for an endpoint's messages: the next attempt is due, and claims have run out. */
  makeDue: (at: EndpointId, attempts?: number) => Promise<void>
  /** The endpoint's first message, once nobody holds it and `look` is content with it. */
  message: (at: EndpointId, look: (row: Row) => boolean) => Promise<Row>
  /** The same after so many attempts. */
  attempted: (at: EndpointId, attempts?: number) => Promise<Row>
}

/** The message's content, as a receiver of Standard Webhooks reads it; throws for a forgery. */
export const verified = (secret: string | undefined, received: Received | undefined) =>
  new Webhook(secret ?? '').verify(received?.body ?? '', received?.headers ?? {}) as {
    data: unknown
  }

export function trials(suite: Suite): Trials {
  const arrived = (name: string) =>
    suite.host.received.filter(({ path }) => path === `/hook/${name}`)
  const message: Trials['message'] = (at, look) =>
    eventually(
      async () => {
        const [row] = await suite.world.deliveries(at)
        return row?.owner === null && look(row) ? row : null
      },
      { what: 'a message' },
    )
  return {
    start: (over = {}) =>
      startTestCourier(suite.environment(), { ...over, limits: { ...quick, ...over.limits } }),
    pathOf: (name) => `${suite.host.url}/${name}`,
    arrived,
    arrives: (name, count = 1) =>
      eventually(() => (arrived(name).length >= count ? arrived(name) : null), {
        what: `messages to ${name}`,
      }),
    change: async (at, set) => {
      await suite.world.withTenant(at.tenantId, (tx) =>
        tx.update(webhookEndpoints).set(set).where(eq(webhookEndpoints.id, at.endpointId)),
      )
    },
    makeDue: async (at, attempts) => {
      const past = sql`now() - interval '1 second'`
      await suite.world.withTenant(at.tenantId, (tx) =>
        tx
          .update(webhookDeliveries)
          .set({
            dueAt: past,
            ownedUntil: sql`case when owner is null then null else ${past} end`,
            ...(attempts === undefined ? {} : { attempts }),
          })
          .where(eq(webhookDeliveries.endpointId, at.endpointId)),
      )
    },
    message,
    attempted: (at, attempts = 1) => message(at, (row) => row.attempts === attempts),
  }
}
