import { createTokens, mintApiKey } from '@callwire/accounts'
import { connectRedis, createDoorbell, createRevocations, createTickets } from '@callwire/bus'
import {
  ID_RANDOM_BYTES,
  newId,
  type CallStatus,
  type IdKind,
  type Permission,
  type Role,
} from '@callwire/contracts'
import { parseContentRing, randomToken, sealContent, sha256Hex } from '@callwire/crypto'
import {
  apiKeys,
  callEvents,
  calls,
  connectDatabase,
  connectProvisioner,
  phones,
  sessions,
  tenants,
  users,
} from '@callwire/db'
import { changeStatus, createLedger, loadCall, type Ledger, type NewFact } from '@callwire/ledger'
import { mask } from '@callwire/masking'
import { Secret, systemClock, systemRandom } from '@callwire/runtime'
import { captureLogs, testDatabase, testRedis } from '@callwire/testkit'
import { and, eq } from 'drizzle-orm'
import type { Config } from '../config.ts'
import { createCopilot } from '../context.ts'
import { limits as usualLimits, type Limits } from '../limits.ts'
import { connect as connectSocket, type ConsumerSocket } from './consumer-socket.ts'

const jwtSecret = 'a secret for tests that is long enough'
const ring = parseContentRing(`k1:${Buffer.alloc(32, 1).toString('base64')}`)
const reading: Permission[] = ['calls:read', 'transcripts:read']

const smallFact: NewFact = { type: 'stream.dtmf', data: { atMs: 1, durationMs: 2 } }
function longFact(bytes: number): NewFact {
  const { text, masked } = mask('x'.repeat(bytes))
  const utteranceId = `utt_${'0'.repeat(24)}`
  const data = { utteranceId, rev: 1, text, masked, startMs: 0, endMs: 1, provider: 'test' }
  return { type: 'transcript.final', data }
}

export type Person = { token: string; userId: string; sessionId: string }
export type Key = { token: string; id: string }
export type Fixture = Awaited<ReturnType<typeof createFixture>>
export type RunningCopilot = AsyncDisposable & {
  port: number
  metricsPort: number
  url: string
  http: string
  /** A sample of /metrics, by its name after the common prefix; null while there is none. */
  metric(name: string): Promise<number | null>
}

/** Real stores, what other services would have put there, and copilots on demand. */
export async function createFixture() {
  const undo = new AsyncDisposableStack()
  const db = undo.use(await testDatabase())
  const redis = undo.use(await testRedis({ own: true }))
  const logs = captureLogs({ service: 'copilot' })
  const provisioner = undo.adopt(connectProvisioner({ url: db.url }), (p) => p.close())
  const gateway = undo.adopt(
    await connectDatabase({ url: db.serviceUrl('gateway'), applicationName: 'test' }),
    (database) => database.close(),
  )
  const bus = undo.use(await connectRedis({ url: redis.url, name: 'test', log: logs.log }))
  const parts = { database: gateway, clock: systemClock, random: systemRandom, log: logs.log }
  const doorbell = createDoorbell(bus)
  const ledger = createLedger({ ...parts, doorbell })
  const silent = createLedger({ ...parts, doorbell: { ringEvents: () => Promise.resolve() } })
  const tokens = createTokens({ jwtSecret, clock: systemClock })
  const id = (kind: IdKind) =>
    newId(kind, { nowMs: Date.now(), random: systemRandom(ID_RANDOM_BYTES) })

  const fixture = {
    redis,
    databaseUrl: db.serviceUrl('copilot'),
    gateway,
    doorbell,
    ledger,
    /** Appends as `ledger` does and tells nobody. */
    silent,
    logs,
    tickets: createTickets(bus),
    revocations: createRevocations(bus),

    /** Cuts every subscription to Redis, the copilot's among them. */
    cutSubscriptions: () => bus.command.call('CLIENT', 'KILL', 'TYPE', 'pubsub'),

    /** Redis connections that listen to a call. */
    async listeners(callId: string): Promise<number> {
      const reply = (await bus.command.call('PUBSUB', 'NUMSUB', `cw:call:${callId}`)) as unknown[]
      return Number(reply[1])
    },

    /** One more copilot; disposed with the fixture at the latest. */
    async start(
      o: { limits?: Partial<Limits>; config?: Partial<Config> } = {},
    ): Promise<RunningCopilot> {
      const config: Config = {
        databaseUrl: db.serviceUrl('copilot'),
        redisUrl: redis.url,
        jwtSecret: new Secret(jwtSecret),
        host: '127.0.0.1',
        port: 0,
        metricsPort: 0,
        maxSockets: 100,
        allowedOrigins: ['https://desk.example'],
        ...o.config,
      }
      const limits = { ...usualLimits, drainMs: 1_000, destroyMs: 1_000, ...o.limits }
      const stop = new AbortController()
      const copilot = await createCopilot(config, { signal: stop.signal, log: logs.log }, limits)
      const end = async () => {
        stop.abort()
        await copilot[Symbol.asyncDispose]()
      }
      let ended: Promise<void> | null = null
      const once = () => (ended ??= end())
      undo.defer(once)
      const address = `127.0.0.1:${String(copilot.port)}`
      return {
        port: copilot.port,
        metricsPort: copilot.metricsPort,
        url: `ws://${address}/v1/copilot`,
        http: `http://${address}`,
        async metric(name: string): Promise<number | null> {
          const response = await fetch(`http://127.0.0.1:${String(copilot.metricsPort)}/metrics`)
          const line = (await response.text())
            .split('\n')
            .find((one) => one.startsWith(`callwire_copilot_${name} `))
          return line === undefined ? null : Number(line.slice(line.lastIndexOf(' ')))
        },
        [Symbol.asyncDispose]: once,
      }
    },

    async tenant(): Promise<string> {
      const tenantId = id('tenant')
      await provisioner.withTenant(tenantId, async (tx) => {
        await tx.insert(tenants).values({ tenantId, name: 'test' })
      })
      return tenantId
    },
    async key(tenantId: string, scopes: Permission[] = reading): Promise<Key> {
      const { secret, hash, hint } = mintApiKey(systemRandom)
      const keyId = id('apiKey')
      await gateway.withTenant(tenantId, async (tx) => {
        await tx
          .insert(apiKeys)
          .values({ tenantId, id: keyId, name: 'k', keyHash: hash, hint, scopes })
      })
      return { token: secret, id: keyId }
    },
    revokeKey: (tenantId: string, key: Key) =>
      gateway.withTenant(tenantId, async (tx) => {
        await tx.update(apiKeys).set({ revokedAt: new Date() }).where(eq(apiKeys.id, key.id))
      }),
    async person(
      tenantId: string,
      o: { role?: Role; mustChangePassword?: boolean } = {},
    ): Promise<Person> {
      const [userId, sessionId] = [id('user'), id('session')]
      const role = o.role ?? 'agent'
      await gateway.withTenant(tenantId, async (tx) => {
        const email = `${userId}@example.com`
        const mustChangePassword = o.mustChangePassword ?? false
        await tx.insert(users).values({
          tenantId,
          id: userId,
          email,
          passwordHash: '$scrypt$none',
          role,
          mustChangePassword,
        })
        const [familyHash, refreshHash] = [sha256Hex(randomToken()), sha256Hex(randomToken())]
        const expiresAt = new Date(Date.now() + 3_600_000)
        await tx
          .insert(sessions)
          .values({ tenantId, id: sessionId, userId, familyHash, refreshHash, expiresAt })
      })
      const { token } = await tokens.signSession({ userId, tenantId, role, sessionId })
      return { token, userId, sessionId }
    },
    endSession: (tenantId: string, person: Person) =>
      gateway.withTenant(tenantId, async (tx) => {
        await tx
          .update(sessions)
          .set({ revokedAt: new Date() })
          .where(eq(sessions.id, person.sessionId))
      }),
    /** As the gateway makes one. */
    async ticket(tenantId: string, key: Key, permissions: Permission[] = reading) {
      const ticket = `cwt_${randomToken()}`
      const payload = { tenantId, kind: 'api_key', id: key.id, role: 'api', permissions }
      await this.tickets.put(sha256Hex(ticket), { ...payload, sessionId: null }, 60_000)
      return ticket
    },
    /** A queued call: its first event is there. */
    async call(tenantId: string, through: Ledger = ledger): Promise<string> {
      const [callId, phoneId] = [id('call'), id('phone')]
      await gateway.withTenant(tenantId, async (tx) => {
        const number = `+9180${String(Math.floor(Math.random() * 1e8)).padStart(8, '0')}`
        await tx.insert(phones).values({ tenantId, id: phoneId, number, country: 'IN' })
      })
      await through.open(tenantId, callId, async (work) => {
        const place = { purpose: 'person-number', tenantId, rowId: callId, field: 'person' }
        await work.tx.insert(calls).values({
          tenantId,
          id: callId,
          phoneId,
          direction: 'outbound',
          personSealed: sealContent(ring, place, '+919876543210'),
          personMasked: '+9198********',
          personIndex: 'k1.x',
          status: 'queued',
        })
        await work.append({ type: 'call.status', data: { status: 'queued', previous: null } })
      })
      return callId
    },
    /** Appends `count` facts, one transaction each unless `atOnce`; large ones when `bytes` is given. */
    async facts(
      tenantId: string,
      callId: string,
      count: number,
      o: { through?: Ledger; atOnce?: boolean; bytes?: number } = {},
    ): Promise<void> {
      const through = o.through ?? ledger
      const fact = o.bytes === undefined ? smallFact : longFact(o.bytes)
      const inEach = o.atOnce === true ? count : 1
      for (let done = 0; done < count; done += inEach) {
        await through.transact(tenantId, callId, async (work) => {
          for (let i = 0; i < inEach; i += 1) await work.append(fact)
        })
      }
    },
    async status(
      tenantId: string,
      callId: string,
      status: CallStatus,
      through: Ledger = ledger,
    ): Promise<void> {
      await through.transact(tenantId, callId, async (work) => {
        const call = await loadCall(work.tx, callId)
        if (call === null || !(await changeStatus(work, call, { status }))) {
          throw new Error('status not changed')
        }
      })
    },
    /** Erases what an event says, as the dialer does when its time is over. */
    async erase(tenantId: string, callId: string, seq: number): Promise<void> {
      const url = db.serviceUrl('dialer')
      const dialer = await connectDatabase({ url, applicationName: 'test', maxConnections: 1 })
      await dialer.withTenant(tenantId, (tx) =>
        tx
          .update(callEvents)
          .set({ data: null, salt: null, erased: true })
          .where(and(eq(callEvents.callId, callId), eq(callEvents.seq, seq))),
      )
      await dialer.close()
    },
    /** A receipt, whatever the call's state. */
    receipt: (tenantId: string, callId: string, revision = 1) =>
      ledger.transact(tenantId, callId, async (work) => {
        const none = { utterances: 0, frames: 0, duplicated: 0, rewound: 0, audioMs: 0, gaps: [] }
        const { seq: events, hash } = work.head
        await work.append({ type: 'call.receipt', data: { revision, events, hash, ...none } })
      }),

    /** A socket that has been let in. */
    async consumer(copilot: RunningCopilot, token: string): Promise<ConsumerSocket> {
      const socket = connectSocket(copilot.url, { authorization: `Bearer ${token}` })
      await socket.next('authenticated')
      return socket
    },
    [Symbol.asyncDispose]: () => undo.disposeAsync(),
  }
  return fixture
}
