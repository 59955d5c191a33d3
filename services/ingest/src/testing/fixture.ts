import { createTokens } from '@callwire/accounts'
import { connectRedis, createAudioStreams, createDoorbell, work } from '@callwire/bus'
import { ID_RANDOM_BYTES, newId, type CallStatus, type IdKind } from '@callwire/contracts'
import {
  blindIndex,
  createDataKey,
  openDataKey,
  openWithDataKey,
  parseContentRing,
  parseMacRing,
  sealContent,
  sha256Hex,
} from '@callwire/crypto'
import {
  agents,
  callKeys,
  callSecrets,
  calls,
  connectDatabase,
  connectProvisioner,
  mediaStreams,
  phones,
  streamTokens,
  tenantAlerts,
  tenants,
} from '@callwire/db'
import { createLedger, type Ledger } from '@callwire/ledger'
import { Secret, systemClock, systemRandom } from '@callwire/runtime'
import { captureLogs, eventually, testDatabase, testRedis } from '@callwire/testkit'
import { and, eq } from 'drizzle-orm'
import type { Config } from '../config.ts'
import { createContext } from '../context.ts'
import { startServer } from '../server.ts'
import { openAudio, type OpenedEntry } from './open-audio.ts'

const ringOf = (byte: number) => `k1:${Buffer.alloc(32, byte).toString('base64')}`
export const contentKeys = ringOf(1)
export const edgeKeys = ringOf(2)
const jwtSecret = 'a secret for tests that is long enough'
const person = '+919876543210'

export type SeededPhone = {
  tenantId: string
  phoneId: string
  key: string
  token: string
  phoneToken: string
}
export type SeededCall = { tenantId: string; callId: string; pathToken: string }
export type Fixture = Awaited<ReturnType<typeof createFixture>>

/** Ingest on real stores, and what the gateway and the dialer would have put there. */
export async function createFixture() {
  const undo = new AsyncDisposableStack()
  const db = undo.use(await testDatabase())
  const redis = undo.use(await testRedis({ own: true }))
  const logs = captureLogs({ service: 'ingest' })
  const connect = async (service: string) =>
    undo.adopt(
      await connectDatabase({ url: db.serviceUrl(service), applicationName: 'test' }),
      (database) => database.close(),
    )
  const gateway = await connect('gateway')
  const dialer = await connect('dialer')
  const provisioner = undo.adopt(connectProvisioner({ url: db.url }), (p) => p.close())
  const bus = undo.use(await connectRedis({ url: redis.url, name: 'test', log: logs.log }))
  const audio = undo.use(createAudioStreams(bus))
  const ring = parseContentRing(contentKeys)
  const edgeRing = parseMacRing(edgeKeys)
  const parts = { clock: systemClock, random: systemRandom, log: logs.log }
  const ledger = createLedger({ database: gateway, doorbell: createDoorbell(bus), ...parts })
  const tokens = createTokens({ jwtSecret, clock: systemClock })
  const id = (kind: IdKind) =>
    newId(kind, { nowMs: Date.now(), random: systemRandom(ID_RANDOM_BYTES) })

  const config: Config = {
    databaseUrl: db.serviceUrl('ingest'),
    redisUrl: redis.url,
    rings: [
      { name: 'CONTENT_KEYS', ring, text: new Secret(contentKeys), file: null },
      { name: 'EDGE_KEYS', ring: edgeRing, text: new Secret(edgeKeys), file: null },
    ],
    contentRing: ring,
    edgeRing,
    jwtSecret: new Secret(jwtSecret),
    host: '127.0.0.1',
    port: 0,
    metricsPort: 0,
    publicUrl: 'https://callwire.example/base/',
    drainGraceMs: 300,
    allowListAlone: false,
    allowedIps: [],
    trustedProxies: [],
    logLevel: 'trace',
  }

  return {
    db,
    redis,
    logs,
    tokens,
    audio,
    ledger,
    config,
    /** A service's own way into the database. */
    connect,
    /** One more process of ingest's kind; disposed with the fixture at the latest. */
    async start(changes: Partial<Config> = {}, wrap: (ledger: Ledger) => Ledger = (l) => l) {
      const all = { ...config, ...changes }
      const hurry = new AbortController()
      const context = await createContext(all, { log: logs.log, signal: hurry.signal })
      const ledger = wrap(context.ledger)
      const server = await startServer({ ...context, ledger }, all, { hurry: hurry.signal })
      const stop = async () => {
        await server[Symbol.asyncDispose]()
        await context[Symbol.asyncDispose]()
      }
      let stopped: Promise<void> | null = null
      const once = () => (stopped ??= stop())
      undo.defer(async () => {
        hurry.abort()
        await once()
      })
      return {
        context,
        port: server.port,
        url: `ws://127.0.0.1:${server.port}/v1/ingest`,
        http: `http://127.0.0.1:${server.port}`,
        stop: once,
        hurry: () => hurry.abort(),
      }
    },
    async seedPhone(): Promise<SeededPhone> {
      const tenantId = id('tenant')
      await provisioner.withTenant(tenantId, async (tx) => {
        await tx.insert(tenants).values({ tenantId, name: 'test' })
      })
      return this.addPhone(tenantId)
    },
    async addPhone(tenantId: string): Promise<SeededPhone> {
      const phoneId = id('phone')
      const secret = { key: id('token'), token: id('token'), phoneToken: id('token') }
      const number = `+9180${String(Math.floor(Math.random() * 1e8)).padStart(8, '0')}`
      await gateway.withTenant(tenantId, async (tx) => {
        await tx.insert(phones).values({
          tenantId,
          id: phoneId,
          number,
          country: 'IN',
          ingestKey: secret.key,
          ingestTokenHash: sha256Hex(secret.token),
          phoneTokenHash: sha256Hex(secret.phoneToken),
        })
      })
      return { tenantId, phoneId, ...secret }
    },
    /** A call we place; by default a stream agent's that Exotel was just asked for. */
    async seedCall(
      phone: SeededPhone,
      o: { status?: CallStatus; sid?: string | null; agent?: 'human' | 'stream' } = {},
    ): Promise<SeededCall> {
      const { tenantId, phoneId } = phone
      const callId = id('call')
      const agentId = id('agent')
      const purpose = 'person-number'
      const status = o.status ?? 'dialing'
      await gateway.withTenant(tenantId, async (tx) => {
        const human = o.agent === 'human' ? { number: '+919812345678' } : {}
        const kind = o.agent ?? 'stream'
        await tx.insert(agents).values({ tenantId, id: agentId, name: 'a', kind, ...human })
      })
      await ledger.open(tenantId, callId, async (work) => {
        const { wrapped } = createDataKey(ring, { tenantId, callId })
        await work.tx.insert(calls).values({
          tenantId,
          id: callId,
          phoneId,
          agentId,
          direction: 'outbound',
          personSealed: sealContent(
            ring,
            { purpose, tenantId, rowId: callId, field: 'person' },
            person,
          ),
          personMasked: '+9198********',
          personIndex: blindIndex(ring, { purpose, tenantId }, person)[0] ?? '',
          status,
          sid: o.sid ?? null,
        })
        await work.tx.insert(callKeys).values({ tenantId, callId, wrapped })
        await work.append({ type: 'call.status', data: { status, previous: null } })
      })
      return { tenantId, callId, pathToken: await this.mintToken(phone, callId) }
    },
    async mintToken(
      { tenantId, phoneId }: SeededPhone,
      callId: string,
      lifeMs = 60_000,
    ): Promise<string> {
      const token = systemRandom(24).toString('base64url')
      await dialer.withTenant(tenantId, async (tx) => {
        const expiresAt = new Date(Date.now() + lifeMs)
        const tokenHash = sha256Hex(token)
        await tx
          .insert(streamTokens)
          .values({ tenantId, id: id('token'), tokenHash, callId, phoneId, expiresAt })
      })
      return token
    },
    async setSid({ tenantId, callId }: SeededCall, sid: string): Promise<void> {
      await dialer.withTenant(tenantId, async (tx) => {
        await tx.update(calls).set({ sid }).where(eq(calls.id, callId))
      })
    },
    async callRow(tenantId: string, callId: string) {
      const [row] = await gateway.withTenant(tenantId, (tx) =>
        tx.select().from(calls).where(eq(calls.id, callId)),
      )
      return row ?? null
    },
    /** Null: no cap. */
    async capStreams(tenantId: string, cap: number | null): Promise<void> {
      await gateway.withTenant(tenantId, (tx) => tx.update(tenants).set({ capStreams: cap }))
    },
    alertsOf: (tenantId: string) =>
      gateway.withTenant(tenantId, (tx) => tx.select().from(tenantAlerts)),
    callsOf: (tenantId: string) => gateway.withTenant(tenantId, (tx) => tx.select().from(calls)),
    streamsOf: (tenantId: string, callId: string) =>
      gateway.withTenant(tenantId, (tx) =>
        tx.select().from(mediaStreams).where(eq(mediaStreams.callId, callId)),
      ),
    events: (tenantId: string, callId: string) =>
      ledger.read(tenantId, callId, { after: 0, limit: 500 }),
    /** The call's events once one of this type is there for the `count`th time. */
    eventsWith(tenantId: string, callId: string, type: string, count = 1) {
      return eventually(
        async () => {
          const events = await ledger.read(tenantId, callId, { after: 0, limit: 500 })
          return events.filter((event) => event.type === type).length >= count ? events : null
        },
        { what: type },
      )
    },
    /** What an event of the call hides, opened. */
    async secretOf(tenantId: string, callId: string, field: string): Promise<string> {
      const [row] = await gateway.withTenant(tenantId, (tx) =>
        tx
          .select({ sealed: callSecrets.sealed, wrapped: callKeys.wrapped })
          .from(callSecrets)
          .innerJoin(callKeys, eq(callKeys.callId, callSecrets.callId))
          .where(and(eq(callSecrets.callId, callId), eq(callSecrets.field, field))),
      )
      const dataKey = openDataKey(ring, { tenantId, callId }, row?.wrapped ?? '')
      const context = { purpose: 'dtmf-digit', tenantId, rowId: callId, field }
      return openWithDataKey(dataKey, context, row?.sealed ?? '').toString()
    },
    /** Hears what wakes transcribers; dispose of it to stop. */
    wakeUps() {
      const callIds: string[] = []
      const onJob = (job: { callId: string }) => {
        callIds.push(job.callId)
        return Promise.resolve()
      }
      const worker = work(bus, 'transcribe', onJob, { concurrency: 1, log: logs.log })
      return { callIds, [Symbol.asyncDispose]: () => worker[Symbol.asyncDispose]() }
    },
    /** Everything in the call's Redis Stream, opened. */
    async entries(tenantId: string, callId: string): Promise<OpenedEntry[]> {
      return openAudio({ database: gateway, audio, ring, tenantId, callId })
    },
    [Symbol.asyncDispose]: () => undo.disposeAsync(),
  }
}
