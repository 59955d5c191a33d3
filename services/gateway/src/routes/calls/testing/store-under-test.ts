import { createDataKey, parseContentRing } from '@callwire/crypto'
import { connectDatabase, type Database } from '@callwire/db'
import { createLedger } from '@callwire/ledger'
import { systemClock, systemRandom } from '@callwire/runtime'
import { captureLogs } from '@callwire/testkit'
import { fixturesOf, type Fixtures } from '../../../testing/fixtures.ts'
import { gatewayUnderTest, type GatewayUnderTest } from '../../../testing/gateway-under-test.ts'
import { createNewId } from '../../../new-id.ts'
import { createKeyClaims } from '../claim-key.ts'
import { createPersonNumbers } from '../person-number.ts'
import { createCallStore, type NewCall, type StoreCall } from '../store-call.ts'

export type StoreUnderTest = AsyncDisposable & {
  gw: GatewayUnderTest
  own: Fixtures
  theirs: Fixtures
  /** How many calls went into each transaction, in their order. */
  sizes: number[]
  store: StoreCall
  /** A store on the same database that does `first` before each of its transactions. */
  storeAfter(first: (callIds: readonly string[]) => Promise<void>): StoreCall
  /** A call of the first tenant to a person, made as a request makes it. */
  newCall(to: string, o?: Partial<NewCall> & { key?: string }): NewCall
}

/** A store of calls in front of a gateway's database: who is added in one go shares a batch. */
export async function storeUnderTest(): Promise<StoreUnderTest> {
  await using opened = new AsyncDisposableStack()
  let serviceUrl = ''
  const viaDatabase = (given: string) => {
    serviceUrl = given
    return Promise.resolve(given)
  }
  const gw = opened.use(await gatewayUnderTest({ viaDatabase }))
  const own = await fixturesOf(gw, gw.tenant.apiKey)
  const theirs = await fixturesOf(gw, gw.stranger.apiKey)
  const database = await connectDatabase({ url: serviceUrl, applicationName: 'test' })
  opened.defer(() => database.close())
  const ring = parseContentRing(gw.keys.CONTENT_KEYS)
  const clock = systemClock
  const random = systemRandom
  const { log } = captureLogs()
  const ledger = createLedger({
    ...{ database, clock, random, log },
    doorbell: { ringEvents: () => Promise.resolve() },
  })
  const numbers = createPersonNumbers(ring)
  const claims = createKeyClaims(ring)
  const newId = createNewId({ clock, random })
  const sizes: number[] = []
  const storeAfter: StoreUnderTest['storeAfter'] = (first) => {
    const placeCalls: Database['batch']['placeCalls'] = async (calls, keyLifeMs) => {
      sizes.push(calls.length)
      await first(calls.map(({ call_id: callId }) => callId))
      return database.batch.placeCalls(calls, keyLifeMs)
    }
    const { withTenant, batch } = database
    return createCallStore({ database: { withTenant, batch: { ...batch, placeCalls } }, clock })
  }
  const kept = opened.move()
  return {
    ...{ gw, own, theirs, sizes, storeAfter },
    store: storeAfter(() => Promise.resolve()),
    newCall: (to, { key, ...o } = {}) => {
      const tenantId = o.tenantId ?? gw.tenant.tenantId
      const callId = newId('call')
      const ours = tenantId === gw.tenant.tenantId ? own : theirs
      return {
        ...{ tenantId, callId },
        phoneId: ours.phones,
        agentId: ours.agents,
        ...numbers.columns(tenantId, callId, to),
        personMasked: '+91••••',
        entries: numbers.index(tenantId, to),
        priority: 0,
        record: false,
        timeLimitSeconds: null,
        allowConcurrent: false,
        metadataSealed: null,
        scheduleAt: null,
        dialedFrom: new Date(),
        wrapped: createDataKey(ring, { tenantId, callId }).wrapped,
        auditId: newId('audit'),
        actor: { kind: 'api_key', id: ours['api-keys'] },
        first: ledger.firstEvent(callId, {
          type: 'call.status',
          data: { status: 'queued', previous: null },
        }),
        claim: key === undefined ? null : claims.make({ tenantId, callId, key, fingerprint: to }),
        ...o,
      }
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}
