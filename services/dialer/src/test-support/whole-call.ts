import {
  createDataKey,
  sealContent,
  sealWithDataKey,
  type DataKey,
  type SealContext,
} from '@callwire/crypto'
import {
  callbackInbox,
  callEvents,
  callKeys,
  calls,
  callSecrets,
  connectDatabase,
  idempotencyKeys,
  recordings,
  tenants,
  type Database,
} from '@callwire/db'
import { sealContexts } from '@callwire/keyring'
import { verifyChain, writeReceiptIfDone } from '@callwire/ledger'
import { mask } from '@callwire/masking'
import type { TestDatabase } from '@callwire/testkit'
import { asc, eq } from 'drizzle-orm'
import type { AnyPgColumn } from 'drizzle-orm/pg-core'
import type { Lives } from '../retention/decide-erasure.ts'
import { contentRing } from './keys.ts'
import type { TenantWorld } from './tenant-world.ts'

/** What the person of every whole call says. */
const saidWords = 'my card is 4111 1111 1111 1111'

/** Calls with everything that a call can leave behind, and what is left of them. */
export type WholeCalls = AsyncDisposable & {
  dialer: Database
  /** A call that ended so long ago, in ms, with its receipt unless `open`. */
  add(
    world: TenantWorld,
    phoneId: string,
    o: { endedAgoMs: number; open?: boolean },
  ): Promise<string>
  /** How long a tenant keeps things. */
  keep(world: TenantWorld, lives: Partial<Lives>): Promise<void>
  /** Everything stored of a call, as the dialer may read it. */
  stored(world: TenantWorld, callId: string): Promise<Stored>
  /** A copy, made before anything was erased, of the words that a call sealed. */
  copies: ReadonlyMap<string, string>
  /** The key of a call, kept by somebody who had it. */
  keyOf(callId: string): DataKey
  /** What of a call is there, in a word each. */
  left(world: TenantWorld, callId: string): Promise<string[]>
}

export type Stored = Awaited<ReturnType<typeof readStored>>

export async function wholeCalls(database: TestDatabase): Promise<WholeCalls> {
  const open = (service: string) =>
    connectDatabase({
      url: database.serviceUrl(service),
      applicationName: `test-${service}`,
      maxConnections: 3,
    })
  const [dialer, transcriber] = await Promise.all([open('dialer'), open('transcriber')])
  const copies = new Map<string, string>()
  const dataKeys = new Map<string, DataKey>()
  const stored: WholeCalls['stored'] = (world, callId) => readStored(dialer, world, callId)
  return {
    dialer,
    add: async (world, phoneId, o) => {
      const { callId, dataKey, sealed } = await addWholeCall(dialer, world, { phoneId, ...o })
      copies.set(callId, sealed)
      dataKeys.set(callId, dataKey)
      const { tenantId } = world
      const id = world.newId('recording')
      const { wrapped } = createDataKey(contentRing, { tenantId, recordingId: id })
      await transcriber.withTenant(tenantId, (tx) =>
        tx.insert(recordings).values({
          ...{ tenantId, id, callId, wrapped, recordedMs: 4_000 },
          createdAt: new Date(Date.now() - o.endedAgoMs - 4_000),
        }),
      )
      return callId
    },
    keep: async (world, { recordings: audio, words, numbers }) => {
      await world.withTenant((tx) =>
        tx.update(tenants).set({
          retainRecordingsDays: audio ?? null,
          retainWordsDays: words ?? null,
          retainNumbersDays: numbers ?? null,
        }),
      )
    },
    stored,
    copies,
    keyOf: (callId) => {
      const key = dataKeys.get(callId)
      if (key === undefined) throw new Error('no such call')
      return key
    },
    left: async (world, callId) => {
      const { call, events, keys, secrets, callbacks, fingerprint, recording } = await stored(
        world,
        callId,
      )
      const { ok } = verifyChain(callId, await world.events(callId))
      const seen = {
        chain: ok,
        words: events.some(({ type, data }) => type === 'transcript.final' && data !== null),
        key: keys.length === 1,
        secrets: secrets.length === 2,
        number: call.personSealed !== null && call.personIndex !== null,
        masked: call.personMasked.startsWith('+91'),
        metadata: call.metadataSealed !== null,
        url: call.recordingUrlSealed !== null,
        callbacks: callbacks.length === 1,
        fingerprint: fingerprint.startsWith('cw1d.'),
        recording: recording.wrapped !== null,
      }
      return Object.entries(seen).flatMap(([name, is]) => (is ? [name] : []))
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([dialer.close(), transcriber.close()])
    },
  }
}

/** Everything that can be left. */
export const everything = [
  ...['chain', 'words', 'key', 'secrets', 'number', 'masked', 'metadata', 'url', 'callbacks'],
  ...['fingerprint', 'recording'],
]

async function addWholeCall(
  dialer: Database,
  world: TenantWorld,
  o: { phoneId: string; endedAgoMs: number; open?: boolean },
): Promise<{ callId: string; dataKey: DataKey; sealed: string }> {
  const { tenantId } = world
  const endedAt = new Date(Date.now() - o.endedAgoMs)
  const answeredAt = new Date(endedAt.getTime() - 5_000)
  const callId = await world.addCall(o.phoneId, { status: 'completed', answeredAt, endedAt })
  const seal = (context: SealContext, text: string) => sealContent(contentRing, context, text)
  const { dataKey, wrapped } = createDataKey(contentRing, { tenantId, callId })
  await world.addCallback(callId, { CallSid: `sid-${callId}`, From: '09876543210' })
  await world.withTenant(async (tx) => {
    await tx.insert(callKeys).values({ tenantId, callId, wrapped })
    await tx.insert(idempotencyKeys).values({
      ...{ tenantId, callId, route: 'POST /calls', key: callId, status: 202 },
      fingerprint: seal(sealContexts.fingerprint(tenantId, callId), 'f'.repeat(64)),
    })
  })
  await dialer.withTenant(tenantId, async (tx) => {
    await tx
      .update(calls)
      .set({
        metadataSealed: seal(sealContexts.metadata(tenantId, callId), '{"name":"Asha"}'),
        recordingUrlSealed: seal(sealContexts.recordingUrl(tenantId, callId), 'https://r.example'),
      })
      .where(eq(calls.id, callId))
    await tx
      .update(callbackInbox)
      .set({ appliedAt: endedAt, outcome: 'applied' })
      .where(eq(callbackInbox.callId, callId))
  })
  const secret = (field: string, text: string) => {
    const context = { purpose: 'transcript-original', tenantId, rowId: callId, field }
    return { field, sealed: sealWithDataKey(dataKey, context, text) }
  }
  const said = secret('text', saidWords)
  await world.ledger.transact(tenantId, callId, async (w) => {
    const utteranceId = world.newId('utterance')
    await w.append({
      type: 'transcript.final',
      data: {
        ...{ utteranceId, rev: 1, startMs: 0, endMs: 900, provider: 'loopback' },
        ...mask(saidWords),
      },
      secret: said,
    })
    await w.append({
      type: 'stream.dtmf',
      data: { atMs: 1_000, durationMs: 100 },
      secret: secret('digit', '5'),
    })
    if (o.open !== true) await writeReceiptIfDone(w, Date.now())
  })
  return { callId, dataKey, sealed: said.sealed }
}

async function readStored(dialer: Database, { tenantId }: TenantWorld, callId: string) {
  return dialer.withTenant(tenantId, async (tx) => {
    const [call] = await tx.select().from(calls).where(eq(calls.id, callId))
    const [claim] = await tx
      .select({ fingerprint: idempotencyKeys.fingerprint })
      .from(idempotencyKeys)
      .where(eq(idempotencyKeys.callId, callId))
    const [recording] = await tx.select().from(recordings).where(eq(recordings.callId, callId))
    if (call === undefined || recording === undefined) throw new Error('no such call')
    const ofCall = (table: { callId: AnyPgColumn }) => eq(table.callId, callId)
    return {
      call,
      recording,
      fingerprint: claim?.fingerprint ?? '',
      keys: await tx.select().from(callKeys).where(ofCall(callKeys)),
      secrets: await tx
        .select({ seq: callSecrets.seq, field: callSecrets.field })
        .from(callSecrets)
        .where(ofCall(callSecrets))
        .orderBy(asc(callSecrets.seq)),
      events: await tx
        .select()
        .from(callEvents)
        .where(ofCall(callEvents))
        .orderBy(asc(callEvents.seq)),
      callbacks: await tx.select().from(callbackInbox).where(ofCall(callbackInbox)),
    }
  })
}
