import {
  createAudioStreams,
  connectRedis,
  createDoorbell,
  createDoorbellSubscriber,
} from '@callwire/bus'
import { ID_RANDOM_BYTES, newId, type Interim } from '@callwire/contracts'
import {
  createDataKey,
  openDataKey,
  openWithDataKey,
  parseContentRing,
  sealContent,
} from '@callwire/crypto'
import {
  callKeys,
  calls,
  callSecrets,
  connectDatabase,
  connectProvisioner,
  phones,
  recordings,
  tenants,
  transcriptions,
} from '@callwire/db'
import { changeStatus, createLedger, loadCall, writeReceiptIfDone } from '@callwire/ledger'
import type { RecordingSettings } from '@callwire/recordings'
import { Secret, systemClock, systemRandom } from '@callwire/runtime'
import { captureLogs, eventually, testDatabase, testRedis } from '@callwire/testkit'
import { eq } from 'drizzle-orm'
import { createTranscriber } from '../context.ts'
import { times as usualTimes, type Times } from '../times.ts'
import { openSocket } from './media-socket.ts'

export const contentKeys = `k1:${Buffer.alloc(32, 1).toString('base64')}`
const ring = parseContentRing(contentKeys)
const otherRing = parseContentRing(`k1:${Buffer.alloc(32, 9).toString('base64')}`)

export type SeededCall = { tenantId: string; callId: string }
export type Fixture = Awaited<ReturnType<typeof createFixture>>

/** Real stores, calls that are under way, and transcribers on demand. */
export async function createFixture() {
  const undo = new AsyncDisposableStack()
  const db = undo.use(await testDatabase())
  const redis = undo.use(await testRedis({ own: true }))
  const logs = captureLogs({ service: 'transcriber' })
  const provisioner = undo.adopt(connectProvisioner({ url: db.url }), (p) => p.close())
  const connect = async (service: string) =>
    undo.adopt(
      await connectDatabase({ url: db.serviceUrl(service), applicationName: 'test' }),
      (database) => database.close(),
    )
  const gateway = await connect('gateway')
  const ingest = await connect('ingest')
  const own = await connect('transcriber')
  const bus = undo.use(await connectRedis({ url: redis.url, name: 'test', log: logs.log }))
  const audio = undo.use(createAudioStreams(bus))
  const subscriber = createDoorbellSubscriber(bus)
  const parts = { clock: systemClock, random: systemRandom, log: logs.log }
  const doorbell = createDoorbell(bus)
  const ledger = createLedger({ database: ingest, doorbell, ...parts })
  const ownLedger = createLedger({ database: own, doorbell, ...parts })
  const id = (kind: 'tenant' | 'phone' | 'call' | 'stream') =>
    newId(kind, { nowMs: Date.now(), random: systemRandom(ID_RANDOM_BYTES) })

  const tenantId = id('tenant')
  const phoneId = id('phone')
  await provisioner.withTenant(tenantId, async (tx) => {
    await tx.insert(tenants).values({ tenantId, name: 'test' })
  })
  await gateway.withTenant(tenantId, async (tx) => {
    await tx
      .insert(phones)
      .values({ tenantId, id: phoneId, number: '+918047104710', country: 'IN' })
  })
  const dataKeys = new Map<string, ReturnType<typeof createDataKey>['dataKey']>()

  return {
    tenantId,
    /** Whether the audio of calls that begin from now on is kept. */
    keepRecordings: (keep: boolean) =>
      gateway.withTenant(tenantId, (tx) =>
        tx.update(phones).set({ keepRecording: keep }).where(eq(phones.id, phoneId)),
      ),
    /** With the rights of whoever erases. */
    dialer: () => connect('dialer'),
    ring,
    gateway,
    redis,
    bus,
    audio,
    own,
    ownLedger,
    logs,
    environment: { DATABASE_URL: db.serviceUrl('transcriber'), REDIS_URL: redis.url },

    /** One more transcriber; disposed with the fixture at the latest. */
    async start(
      o: {
        times?: Partial<Times>
        providers?: string[]
        recordings?: RecordingSettings
        /** Another way to the same Redis. */
        redisUrl?: string
      } = {},
    ) {
      const stop = new AbortController()
      const transcriber = await createTranscriber(
        {
          databaseUrl: db.serviceUrl('transcriber'),
          redisUrl: o.redisUrl ?? redis.url,
          contentRing: ring,
          rings: [{ name: 'CONTENT_KEYS', ring, text: new Secret(contentKeys), file: null }],
          providers: o.providers ?? ['loopback'],
          recordings: o.recordings ?? null,
          host: '127.0.0.1',
          metricsPort: 0,
        },
        { signal: stop.signal, log: logs.log },
        { ...usualTimes, findMs: 50, idleMs: 300, blockMs: 100, ...o.times },
      )
      const end = async () => {
        stop.abort()
        await transcriber[Symbol.asyncDispose]()
      }
      let ended: Promise<void> | null = null
      const once = () => (ended ??= end())
      undo.defer(once)
      return { stop: once }
    },

    /** A call that somebody has answered. */
    async call(): Promise<SeededCall> {
      const callId = id('call')
      const { wrapped, dataKey } = createDataKey(ring, { tenantId, callId })
      dataKeys.set(callId, dataKey)
      await ledger.open(tenantId, callId, async (work) => {
        const place = { purpose: 'person-number', tenantId, rowId: callId, field: 'person' }
        await work.tx.insert(calls).values({
          tenantId,
          id: callId,
          phoneId,
          direction: 'inbound',
          personSealed: sealContent(ring, place, '+919876543210'),
          personMasked: '+9198********',
          personIndex: 'k1.x',
          status: 'in-progress',
          answeredAt: new Date(),
        })
        await work.tx.insert(callKeys).values({ tenantId, callId, wrapped })
        await work.append({
          type: 'call.status',
          data: { status: 'in-progress', previous: null },
        })
      })
      return { tenantId, callId }
    },
    /** Erases what a call's audio and words are sealed with. */
    async eraseKey({ tenantId, callId }: SeededCall): Promise<void> {
      const dialer = await connect('dialer')
      await dialer.withTenant(tenantId, (tx) =>
        tx.delete(callKeys).where(eq(callKeys.callId, callId)),
      )
    },
    /** Wraps a call's data key with a key that no transcriber here holds. */
    async loseKey({ tenantId, callId }: SeededCall): Promise<void> {
      const dialer = await connect('dialer')
      await dialer.withTenant(tenantId, async (tx) => {
        const { wrapped } = createDataKey(otherRing, { tenantId, callId })
        await tx.update(callKeys).set({ wrapped }).where(eq(callKeys.callId, callId))
      })
    },
    /** The same with its recording's key. */
    async loseRecordingKey({ tenantId, callId }: SeededCall): Promise<void> {
      const dialer = await connect('dialer')
      await dialer.withTenant(tenantId, async (tx) => {
        const at = eq(recordings.callId, callId)
        const [row] = await tx.select({ id: recordings.id }).from(recordings).where(at)
        const { wrapped } = createDataKey(otherRing, { tenantId, recordingId: row?.id ?? '' })
        await tx.update(recordings).set({ wrapped }).where(at)
      })
    },
    /** A media socket of a call, with its first audio. */
    async socket(call: SeededCall, o: { clockStartMs?: number; priorClockMs?: number } = {}) {
      const dataKey = dataKeys.get(call.callId)
      if (dataKey === undefined) throw new Error('no such call')
      const streamId = id('stream')
      return openSocket({ ledger, audio, dataKey, streamId, ...call, ...o })
    },
    /** Ends a call whose sockets have ended. */
    complete: ({ tenantId, callId }: SeededCall) =>
      ledger.transact(tenantId, callId, async (work) => {
        const call = await loadCall(work.tx, callId)
        if (call !== null) await changeStatus(work, call, { status: 'completed' })
        await writeReceiptIfDone(work, Date.now())
      }),

    events: ({ tenantId, callId }: SeededCall) =>
      ledger.read(tenantId, callId, { after: 0, limit: 1_000 }),
    async finals(call: SeededCall) {
      return (await this.events(call)).flatMap((event) =>
        event.type === 'transcript.final' && event.data !== null ? [event.data] : [],
      )
    },
    async gaps(call: SeededCall) {
      return (await this.events(call)).flatMap((event) =>
        event.type === 'transcript.gap' && event.data !== null ? [event.data] : [],
      )
    },
    /** The call's events once its words are complete. */
    async done(call: SeededCall) {
      await eventually(async () => (await this.row(call)).state === 'done', {
        boundMs: 60_000,
        what: 'all words',
      })
      return this.events(call)
    },
    async row({ tenantId, callId }: SeededCall) {
      const [row] = await ingest.withTenant(tenantId, (tx) =>
        tx.select().from(transcriptions).where(eq(transcriptions.callId, callId)),
      )
      if (row === undefined) throw new Error('no transcription')
      return row
    },
    /** The words as they were said, in the order of their events. */
    async originals({ tenantId, callId }: SeededCall): Promise<string[]> {
      const [key, rows] = await gateway.withTenant(tenantId, async (tx) => [
        await tx.select().from(callKeys).where(eq(callKeys.callId, callId)),
        await tx
          .select()
          .from(callSecrets)
          .where(eq(callSecrets.callId, callId))
          .orderBy(callSecrets.seq),
      ])
      const dataKey = openDataKey(ring, { tenantId, callId }, key[0]?.wrapped ?? '')
      const context = { purpose: 'transcript-original', tenantId, rowId: callId, field: 'text' }
      return rows.map((row) => openWithDataKey(dataKey, context, row.sealed).toString())
    },
    /** What is said of a call on the doorbell from now on. */
    async interims({ callId }: SeededCall): Promise<Interim[]> {
      const heard: Interim[] = []
      undo.defer(
        await subscriber.onCall(callId, (message) => {
          if (message.kind === 'interim') heard.push(message.interim)
        }),
      )
      return heard
    },
    [Symbol.asyncDispose]: () => undo.disposeAsync(),
  }
}
