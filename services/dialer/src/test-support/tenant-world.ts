import {
  ID_RANDOM_BYTES,
  newId,
  type CallEvent,
  type CallStatus,
  type IdKind,
} from '@callwire/contracts'
import { sealContent, sealCredential } from '@callwire/crypto'
import {
  agents,
  auditLog,
  callbackInbox,
  calls,
  connectDatabase,
  connectProvisioner,
  phoneChecks,
  phoneCredentials,
  phones,
  tenants,
  type Tx,
} from '@callwire/db'
import { personIndex, sealContexts } from '@callwire/keyring'
import { createLedger, loadCall, type CallRow, type Ledger } from '@callwire/ledger'
import { maskPhoneNumber } from '@callwire/masking'
import { systemClock, systemRandom } from '@callwire/runtime'
import { captureLogs, eventually, type TestDatabase } from '@callwire/testkit'
import { asc, eq } from 'drizzle-orm'
import { contentRing, sealRing } from './keys.ts'

export const apiKey = 'key-of-the-account'
export const apiToken = 'token-of-the-account'
export const accountSid = 'acme1m'
export const phoneNumber = '+918047112233'
export const personNumber = '+919876543210'
export const agentNumber = '+919811122233'

type NewAgent = Pick<typeof agents.$inferInsert, 'kind' | 'number' | 'appId' | 'streamUrl'>

type Account = Pick<
  typeof phoneCredentials.$inferSelect,
  'sid' | 'subdomain' | 'version' | 'encApiKey' | 'encApiToken'
>

/** One tenant, written to as the gateway would and read as its operator would. */
export type TenantWorld = AsyncDisposable & {
  tenantId: string
  ledger: Ledger
  newId(kind: IdKind): string
  withTenant<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  /** A phone with sealed credentials for `host`, or with null none, and an agent. */
  addPhone(host: string | null, agent: NewAgent): Promise<string>
  addCall(phoneId: string, over?: Partial<typeof calls.$inferInsert>): Promise<string>
  /** Stores a status callback, or what a Passthru applet says, as the webhook would. */
  addCallback(
    callId: string,
    fields: Record<string, string>,
    kind?: 'status' | 'passthru',
  ): Promise<void>
  /** Puts credentials on a phone that has none. */
  giveCredentials(phoneId: string, host: string, token?: string): Promise<void>
  /** A phone's row of credentials, as the dialer may read it. */
  credentials(phoneId: string): Promise<Account>
  /** Changes that row, as a thief of the database could. */
  changeCredentials(phoneId: string, set: Partial<Account>): Promise<void>
  /** Asks for a check as the gateway would, but for the wake-up. */
  addCheck(phoneId: string, over?: Partial<typeof phoneChecks.$inferInsert>): Promise<string>
  /** A check once it is answered. */
  checked(checkId: string): Promise<typeof phoneChecks.$inferSelect>
  audits(): Promise<(typeof auditLog.$inferSelect)[]>
  call(callId: string): Promise<CallRow>
  /** The call once Exotel has told its Sid. */
  placed(callId: string): Promise<CallRow>
  /** The call once it is in one of these states. */
  reaches(callId: string, ...statuses: CallStatus[]): Promise<CallRow>
  events(callId: string): Promise<CallEvent[]>
  /** The call's statuses so far, each with its reason's code. */
  story(callId: string): Promise<string[]>
}

/** A row of credentials as the gateway makes it. */
function sealedAccount(
  o: { tenantId: string; phoneId: string; host: string },
  token: string = apiToken,
) {
  const { tenantId, phoneId, host } = o
  const place = { ...o, sid: accountSid, version: 1 }
  const seal = (field: 'apiKey' | 'apiToken', secret: string) =>
    sealCredential(sealRing, sealContexts.credential({ ...place, field }), secret)
  return {
    ...{ tenantId, phoneId, sid: accountSid, subdomain: host },
    encApiKey: seal('apiKey', apiKey),
    encApiToken: seal('apiToken', token),
  }
}

const newIdOf = (kind: IdKind) =>
  newId(kind, { nowMs: Date.now(), random: systemRandom(ID_RANDOM_BYTES) })

export async function tenantWorld(database: TestDatabase): Promise<TenantWorld> {
  const tenantId = newIdOf('tenant')
  const provisioner = connectProvisioner({ url: database.url })
  await provisioner.withTenant(tenantId, async (tx) => {
    await tx.insert(tenants).values({ tenantId, name: 'Test tenant' })
  })
  const gateway = await connectDatabase({
    url: database.serviceUrl('gateway'),
    applicationName: 'test-gateway',
    maxConnections: 2,
  })
  const ledger = createLedger({
    database: gateway,
    doorbell: { ringEvents: () => Promise.resolve() },
    clock: systemClock,
    random: systemRandom,
    log: captureLogs().log,
  })
  const withTenant = <T>(work: (tx: Tx) => Promise<T>) => gateway.withTenant(tenantId, work)

  const world: TenantWorld = {
    tenantId,
    ledger,
    newId: newIdOf,
    withTenant,
    addPhone: async (host, agent) => {
      const phoneId = newIdOf('phone')
      const agentId = newIdOf('agent')
      await withTenant(async (tx) => {
        await tx.insert(agents).values({ tenantId, id: agentId, name: 'An agent', ...agent })
        const number = `+9180${String(Math.floor(Math.random() * 1e8)).padStart(8, '0')}`
        await tx.insert(phones).values({ tenantId, id: phoneId, number, country: 'IN', agentId })
        if (host !== null) {
          await tx.insert(phoneCredentials).values(sealedAccount({ tenantId, phoneId, host }))
        }
      })
      return phoneId
    },
    addCall: async (phoneId, over = {}) => {
      const callId = newIdOf('call')
      const context = sealContexts.person(tenantId, callId)
      const [index = ''] = personIndex(contentRing, tenantId, personNumber)
      await ledger.open(tenantId, callId, async (w) => {
        const [phone] = await w.tx
          .select({ agentId: phones.agentId })
          .from(phones)
          .where(eq(phones.id, phoneId))
        await w.tx.insert(calls).values({
          tenantId,
          id: callId,
          phoneId,
          agentId: phone?.agentId ?? null,
          direction: 'outbound',
          personSealed: sealContent(contentRing, context, personNumber),
          personMasked: maskPhoneNumber(personNumber),
          personIndex: index,
          status: 'queued',
          ...over,
        })
        await w.append({ type: 'call.status', data: { status: 'queued', previous: null } })
      })
      return callId
    },
    addCallback: async (callId, fields, kind = 'status') => {
      const id = newIdOf('callback')
      const context = sealContexts.callbackBody(tenantId, id)
      const body = JSON.stringify({ kind, contentType: 'multipart/form-data', fields })
      const bodySealed = sealContent(contentRing, context, body)
      await withTenant((tx) =>
        tx.insert(callbackInbox).values({ tenantId, id, callId, bodySealed }),
      )
    },
    call: async (callId) => {
      const call = await withTenant((tx) => loadCall(tx, callId))
      if (call === null) throw new Error('no such call')
      return call
    },
    placed: (callId) =>
      eventually(
        async () => {
          const call = await world.call(callId)
          return call.sid === null ? null : call
        },
        { what: 'a Sid' },
      ),
    reaches: (callId, ...statuses) =>
      eventually(
        async () => {
          const call = await world.call(callId)
          return statuses.includes(call.status) ? call : null
        },
        { boundMs: 30_000, what: statuses.join(' or ') },
      ),
    events: (callId) => ledger.read(tenantId, callId, { after: 0, limit: 1_000 }),
    story: async (callId) =>
      (await world.events(callId)).flatMap((event) =>
        event.type === 'call.status' && event.data !== null
          ? [[event.data.status, event.data.reason?.code].filter(Boolean).join(' ')]
          : [],
      ),
    giveCredentials: async (phoneId, host, token) => {
      await withTenant((tx) =>
        tx.insert(phoneCredentials).values(sealedAccount({ tenantId, phoneId, host }, token)),
      )
    },
    credentials: async (phoneId) => {
      const dialer = await connectDatabase({
        url: database.serviceUrl('dialer'),
        applicationName: 'test-dialer',
        maxConnections: 1,
      })
      const [row] = await dialer.withTenant(tenantId, (tx) =>
        tx.select().from(phoneCredentials).where(eq(phoneCredentials.phoneId, phoneId)),
      )
      await dialer.close()
      if (row === undefined) throw new Error('no such credentials')
      const { sid, subdomain, version, encApiKey, encApiToken } = row
      return { sid, subdomain, version, encApiKey, encApiToken }
    },
    changeCredentials: async (phoneId, set) => {
      await withTenant((tx) =>
        tx.update(phoneCredentials).set(set).where(eq(phoneCredentials.phoneId, phoneId)),
      )
    },
    addCheck: async (phoneId, over = {}) => {
      const id = newIdOf('phoneCheck')
      await withTenant((tx) => tx.insert(phoneChecks).values({ tenantId, id, phoneId, ...over }))
      return id
    },
    checked: (checkId) =>
      eventually(
        async () => {
          const [row] = await withTenant((tx) =>
            tx.select().from(phoneChecks).where(eq(phoneChecks.id, checkId)),
          )
          return row === undefined || row.state === 'pending' ? null : row
        },
        { what: 'an answer to a check', boundMs: 30_000 },
      ),
    audits: () =>
      provisioner.withTenant(tenantId, (tx) =>
        tx.select().from(auditLog).orderBy(asc(auditLog.id)),
      ),
    [Symbol.asyncDispose]: async () => {
      await provisioner.close()
      await gateway.close()
    },
  }
  return world
}
