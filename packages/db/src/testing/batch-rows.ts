import { testDatabase } from '@callwire/testkit'
import type postgres from 'postgres'
import type { CallToPlace, DialToBegin, SidToBind } from '../batch.ts'
import { connectDatabase, type Database } from '../connect-database.ts'
import type { ServiceName } from '../service-name.ts'
import { fillTenant, idOf } from './fill-tenant.ts'
import { superClient } from './super-client.ts'

export const keyLifeMs = 86_400_000
/** As long as a hash or a token is, in hex. */
export const hexOf = (n: number): string => String(n).padStart(64, '0')
const salt = 'A'.repeat(22)

/** The call `n` of tenant `t`, of a person of its own and without an idempotency key. */
export function callOf(t: number, n: number, o: Partial<CallToPlace> = {}): CallToPlace {
  return {
    tenant_id: idOf('ten', t),
    call_id: idOf('cal', n),
    phone_id: idOf('phn', t),
    agent_id: idOf('agt', t),
    person_sealed: 'cw1d.person',
    person_masked: '+9198********',
    person_index: `person-${n}`,
    entries: [`person-${n}`],
    priority: 0,
    record: false,
    time_limit_seconds: null,
    allow_concurrent: false,
    metadata_sealed: null,
    schedule_at: null,
    dialed_from: new Date(),
    wrapped: 'cw1k.key',
    audit_id: idOf('aud', n),
    actor_kind: 'api_key',
    actor_id: 'key',
    details: { phoneId: idOf('phn', t) },
    event_id: idOf('evt', n),
    event_type: 'call.status',
    event_at: new Date(),
    event_data: '{}',
    salt,
    commit: hexOf(n),
    hash: hexOf(n),
    route: null,
    key: null,
    fingerprint: null,
    turns: [`person-${t}-${n}`],
    ...o,
  }
}

/** With an idempotency key, and the turn that it takes. */
export function keyed(key: string): Pick<CallToPlace, 'route' | 'key' | 'fingerprint' | 'turns'> {
  return { route: 'calls', key, fingerprint: `of ${key}`, turns: [`key-${key}`] }
}

/** The first attempt of the call that {@link callOf} makes. */
export function dialOf(t: number, n: number, o: Partial<DialToBegin> = {}): DialToBegin {
  const at = new Date()
  return {
    tenant_id: idOf('ten', t),
    call_id: idOf('cal', n),
    phone_id: idOf('phn', t),
    fence: 1,
    account_sid: `account-${t}`,
    rang_first: '',
    at,
    event_seq: 2,
    event_id: idOf('evt', n + 500),
    event_at: at,
    event_data: '{}',
    event_salt: salt,
    event_commit: hexOf(n),
    event_hash: hexOf(n + 500),
    head_hash: hexOf(n),
    token_id: idOf('tok', n),
    token_hash: hexOf(n),
    expires_at: new Date(at.getTime() + 3_600_000),
    audit_id: idOf('aud', n + 500),
    details: {},
    request_id: `request-${n}`,
    ...o,
  }
}

export function sidOf(t: number, n: number, o: Partial<SidToBind> = {}): SidToBind {
  const call = { tenant_id: idOf('ten', t), call_id: idOf('cal', n) }
  return { ...call, fence: 1, sid: `sid-of-${n}`, at: new Date(), ...o }
}

export type BatchBench = AsyncDisposable & {
  /** Past every fence. */
  owner: postgres.Sql
  /** Of whoever is past every fence. */
  superUrl: string
  url(service: ServiceName): string
  open(service: ServiceName): Promise<Database>
}

/** A database with the tenants 1 to 3 in it, each with a row in every table. */
export async function batchBench(): Promise<BatchBench> {
  const database = await testDatabase()
  const owner = superClient(database.url)
  const opened: Database[] = []
  for (const n of [1, 2, 3]) await fillTenant(owner, n)
  return {
    owner,
    superUrl: database.url,
    url: (service) => database.serviceUrl(service),
    open: async (service) => {
      const url = database.serviceUrl(service)
      const db = await connectDatabase({ url, applicationName: 'test', maxConnections: 4 })
      opened.push(db)
      return db
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(opened.map((db) => db.close()))
      await owner[Symbol.asyncDispose]()
      await database.drop()
    },
  }
}

/** How many of this database's statements wait for a lock. */
export async function waitingForLocks(owner: postgres.Sql): Promise<number> {
  const [row] = await owner<{ count: number }[]>`
    select count(*)::int as count from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`
  return row?.count ?? 0
}
