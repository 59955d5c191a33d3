import { randomBytes } from 'node:crypto'
import { connectRedis, createDoorbell, type Doorbell } from '@callwire/bus'
import { ID_RANDOM_BYTES, newId, type EventType, type IdKind } from '@callwire/contracts'
import { deriveServiceKeys, parseMasterRing, parseSealRing, sealCredential } from '@callwire/crypto'
import {
  calls,
  connectDatabase,
  connectProvisioner,
  phones,
  tenantAlerts,
  tenants,
  webhookDeliveries,
  webhookEndpoints,
  webhookSecrets,
  type Tx,
} from '@callwire/db'
import { sealContexts } from '@callwire/keyring'
import { createLedger, type Ledger } from '@callwire/ledger'
import { systemClock, systemRandom } from '@callwire/runtime'
import { captureLogs, type OwnRedis, type TestDatabase } from '@callwire/testkit'
import { asc, eq } from 'drizzle-orm'
import postgres from 'postgres'

const master = (kid: string, byte: number) => `${kid}:${Buffer.alloc(32, byte).toString('base64')}`
/** Keys for tests alone, each made of one byte; the first seals. */
export const keysOf = (...kids: [kid: string, byte: number][]) =>
  deriveServiceKeys(parseMasterRing(kids.map((key) => master(...key)).join(',')))
export const serviceKeys = keysOf(['k1', 7])

export const idOf = (kind: IdKind) =>
  newId(kind, { nowMs: Date.now(), random: systemRandom(ID_RANDOM_BYTES) })

type Endpoint = typeof webhookEndpoints.$inferSelect
type Delivery = typeof webhookDeliveries.$inferSelect

/** An install, written to as the other services would. */
export type World = AsyncDisposable & {
  /** Facts of which nobody is told but by looking. */
  silent: Ledger
  /** Facts that ring, as usual. */
  ledger: Ledger
  newTenant(): Promise<string>
  newCall(tenantId: string): Promise<string>
  /** Appends so many small facts, in one transaction. */
  facts(tenantId: string, callId: string, count: number): Promise<void>
  endpoint(
    tenantId: string,
    url: string,
    over?: { eventTypes?: EventType[]; startsAt?: Date; secrets?: number },
  ): Promise<{ tenantId: string; endpointId: string; secrets: string[] }>
  addSecret(at: { tenantId: string; endpointId: string }, expiresAt?: Date): Promise<string>
  raise(tenantId: string, over?: Partial<typeof tenantAlerts.$inferInsert>): Promise<string>
  endpointRow(at: { tenantId: string; endpointId: string }): Promise<Endpoint>
  deliveries(at: { tenantId: string; endpointId: string }): Promise<Delivery[]>
  /** Whether somebody hears the tenant's doorbell. */
  listeners(tenantId: string): Promise<boolean>
  /** Past every fence. */
  sql: postgres.Sql
  withTenant<T>(tenantId: string, work: (tx: Tx) => Promise<T>): Promise<T>
}

export async function createWorld(o: { database: TestDatabase; redis: OwnRedis }): Promise<World> {
  await using opened = new AsyncDisposableStack()
  const { log } = captureLogs()
  const provisioner = opened.adopt(connectProvisioner({ url: o.database.url }), (p) => p.close())
  const gateway = opened.adopt(
    await connectDatabase({ url: o.database.serviceUrl('gateway'), applicationName: 'test' }),
    (database) => database.close(),
  )
  const bus = opened.use(await connectRedis({ url: o.redis.url, name: 'test', log }))
  const client = postgres(o.database.url, {
    ...{ max: 1, onnotice: () => undefined },
    connection: { search_path: 'app' },
  })
  opened.defer(() => client.end({ timeout: 5 }))
  const parts = { database: gateway, clock: systemClock, random: systemRandom, log }
  const ledgerOf = (doorbell: Pick<Doorbell, 'ringEvents'>) => createLedger({ ...parts, doorbell })
  const silent = ledgerOf({ ringEvents: () => Promise.resolve() })
  const { withTenant } = gateway
  const phoneOf = new Map<string, string>()
  const ring = parseSealRing(serviceKeys.WEBHOOK_SEAL_KEYS)
  const rest = opened.move()

  const world: World = {
    silent,
    ledger: ledgerOf(createDoorbell(bus)),
    listeners: async (tenantId) => {
      const channel = `cw:tenant:${tenantId}`
      // Redis may just be back from what another test did to it.
      const asked = bus.command.call('PUBSUB', 'NUMSUB', channel).catch(() => [])
      return Number(((await asked) as unknown[])[1] ?? 0) > 0
    },
    sql: client,
    withTenant,
    newTenant: async () => {
      const tenantId = idOf('tenant')
      await provisioner.withTenant(tenantId, async (tx) => {
        await tx.insert(tenants).values({ tenantId, name: 'test' })
      })
      const id = idOf('phone')
      phoneOf.set(tenantId, id)
      const number = `+9180${String(Math.floor(Math.random() * 1e8)).padStart(8, '0')}`
      await withTenant(tenantId, (tx) =>
        tx.insert(phones).values({ tenantId, id, number, country: 'IN' }),
      )
      return tenantId
    },
    newCall: async (tenantId) => {
      const callId = idOf('call')
      await silent.open(tenantId, callId, async (w) => {
        await w.tx.insert(calls).values({
          ...{ tenantId, id: callId, phoneId: phoneOf.get(tenantId) ?? '' },
          ...{ direction: 'outbound', personSealed: 'cw1d.k1.x', personMasked: '+9198********' },
          ...{ personIndex: 'i', status: 'queued' },
        } as typeof calls.$inferInsert)
        await w.append({ type: 'call.status', data: { status: 'queued', previous: null } })
      })
      return callId
    },
    facts: async (tenantId, callId, count) => {
      await silent.transact(tenantId, callId, async (w) => {
        for (let n = 0; n < count; n += 1) {
          await w.append({ type: 'stream.dtmf', data: { atMs: n, durationMs: 1 } })
        }
      })
    },
    endpoint: async (tenantId, url, over = {}) => {
      const endpointId = idOf('webhookEndpoint')
      const { eventTypes = ['call.status', 'alert'], startsAt } = over
      await withTenant(tenantId, (tx) =>
        tx.insert(webhookEndpoints).values({
          ...{ tenantId, id: endpointId, url, eventTypes },
          ...(startsAt === undefined ? {} : { startsAt }),
        }),
      )
      const at = { tenantId, endpointId }
      const secrets: string[] = []
      for (let n = 0; n < (over.secrets ?? 1); n += 1) secrets.unshift(await world.addSecret(at))
      return { ...at, secrets }
    },
    addSecret: async ({ tenantId, endpointId }, expiresAt) => {
      const id = idOf('webhookSecret')
      const secret = `whsec_${randomBytes(32).toString('base64')}`
      const context = sealContexts.webhookSecret(tenantId, endpointId, id)
      const sealed = sealCredential(ring, context, secret)
      await withTenant(tenantId, (tx) =>
        tx.insert(webhookSecrets).values({
          ...{ tenantId, id, endpointId, sealed },
          ...(expiresAt === undefined ? {} : { expiresAt }),
        }),
      )
      return secret
    },
    raise: async (tenantId, over = {}) => {
      const id = idOf('alert')
      await withTenant(tenantId, (tx) =>
        tx.insert(tenantAlerts).values({
          ...{ tenantId, id, code: 'breaker_open', severity: 'warn', message: 'A sentence.' },
          ...over,
        }),
      )
      return id
    },
    endpointRow: async ({ tenantId, endpointId }) => {
      const [row] = await withTenant(tenantId, (tx) =>
        tx.select().from(webhookEndpoints).where(eq(webhookEndpoints.id, endpointId)),
      )
      if (row === undefined) throw new Error('no such endpoint')
      return row
    },
    deliveries: ({ tenantId, endpointId }) =>
      withTenant(tenantId, (tx) =>
        tx
          .select()
          .from(webhookDeliveries)
          .where(eq(webhookDeliveries.endpointId, endpointId))
          .orderBy(asc(webhookDeliveries.createdAt), asc(webhookDeliveries.seq)),
      ),
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  }
  return world
}
