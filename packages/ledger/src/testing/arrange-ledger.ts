import { ID_RANDOM_BYTES, newId, type CallEvent, type IdKind } from '@callwire/contracts'
import {
  calls,
  connectDatabase,
  connectProvisioner,
  phones,
  tenants,
  type Database,
  type Tx,
} from '@callwire/db'
import { systemClock, systemRandom } from '@callwire/runtime'
import { captureLogs, testDatabase } from '@callwire/testkit'
import { createLedger, type Ledger } from '../ledger.ts'

export const idOf = (kind: IdKind) =>
  newId(kind, { nowMs: Date.now(), random: systemRandom(ID_RANDOM_BYTES) })

export type Arranged = AsyncDisposable & {
  database: Database
  ledger: Ledger
  /** What the doorbell was given, in order. */
  rung: CallEvent[]
  /** Makes a ledger of its own connections, with this doorbell. */
  another(ring?: (events: readonly CallEvent[]) => Promise<void>): Promise<Ledger>
  tenantId: string
  newTenant(): Promise<string>
  /** A call of the tenant with its first event. */
  newCall(): Promise<string>
}

/** A ledger over a database of its own, as the dialer's login sees it. */
export async function arrangeLedger(): Promise<Arranged> {
  const store = await testDatabase()
  const provisioner = connectProvisioner({ url: store.url })
  const opened: Database[] = []
  const open = async (service: string) => {
    const url = store.serviceUrl(service)
    const database = await connectDatabase({ url, applicationName: 'test' })
    opened.push(database)
    return database
  }
  const database = await open('gateway')
  const rung: CallEvent[] = []
  const ledgerOf = (own: Database, ring: (events: readonly CallEvent[]) => Promise<void>) =>
    createLedger({
      database: own,
      doorbell: { ringEvents: (_tenantId, events) => ring(events) },
      clock: systemClock,
      random: systemRandom,
      log: captureLogs().log,
    })
  const ledger = ledgerOf(database, (events) => {
    rung.push(...events)
    return Promise.resolve()
  })

  const newTenant = async () => {
    const id = idOf('tenant')
    await provisioner.withTenant(id, async (tx) => {
      await tx.insert(tenants).values({ tenantId: id, name: 'test' })
    })
    return id
  }
  const tenantId = await newTenant()
  const phoneId = idOf('phone')
  await database.withTenant(tenantId, (tx) =>
    tx.insert(phones).values({ tenantId, id: phoneId, number: '+918000000000', country: 'IN' }),
  )

  return {
    database,
    ledger,
    rung,
    tenantId,
    newTenant,
    another: async (ring = () => Promise.resolve()) => ledgerOf(await open('ingest'), ring),
    newCall: async () => {
      const callId = idOf('call')
      await ledger.open(tenantId, callId, async (w) => {
        await insertCall(w.tx, { tenantId, callId, phoneId })
        await w.append({ type: 'call.status', data: { status: 'queued', previous: null } })
      })
      return callId
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([provisioner.close(), ...opened.map((item) => item.close())])
      await store.drop()
    },
  }
}

async function insertCall(
  tx: Tx,
  o: { tenantId: string; callId: string; phoneId: string },
): Promise<void> {
  await tx.insert(calls).values({
    tenantId: o.tenantId,
    id: o.callId,
    phoneId: o.phoneId,
    direction: 'outbound',
    // No ring is needed here: the ledger never opens it.
    personSealed: 'cw1d.test' as typeof calls.$inferInsert.personSealed,
    personMasked: '+9198********',
    personIndex: 'k1.test',
    status: 'queued',
  })
}
