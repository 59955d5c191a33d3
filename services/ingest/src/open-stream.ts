import { newId, ID_RANDOM_BYTES } from '@callwire/contracts'
import { createStreamKey, openDataKey, type DataKey, type StreamKey } from '@callwire/crypto'
import { agents, callKeys, mediaStreams, streamTokens, type Tx } from '@callwire/db'
import { changeStatus, loadCall, type LedgerWork } from '@callwire/ledger'
import { and, eq, isNull, sql } from 'drizzle-orm'
import { readAudioLife } from './audio-life.ts'
import type { IngestContext } from './context.ts'
import { priorClockOf, type PriorClock } from './prior-clock.ts'
import { hasStreamRoom } from './stream-cap.ts'

/** What the first message of a media stream says of it. */
export type StreamStart = {
  callSid: string | null
  streamSid: string | null
  /** Hz. */
  sampleRate: number
}

/**
 * What makes one socket's stream this one: made once for a socket, so that an opening whose answer
 * was lost on its way can be found again. No two sockets share a key.
 */
export type StreamMark = {
  streamId: string
  salt: Buffer
  /** Opening it was tried before, and how that ended is not known. */
  mayBeOpen: boolean
}

export function markStream({ clock, random }: Pick<OpenDeps, 'clock' | 'random'>): StreamMark {
  const streamId = newId('stream', { nowMs: clock.now(), random: random(ID_RANDOM_BYTES) })
  return { streamId, salt: random(16), mayBeOpen: false }
}

/** A media socket that has its call. */
export type OpenStream = {
  tenantId: string
  callId: string
  streamId: string
  streamSid: string
  sampleRate: number
  isInbound: boolean
  dataKey: DataKey
  streamKey: StreamKey
  prior: PriorClock
  /** How long its audio lives in Redis when nobody reads it, after the last block. */
  audioLifeMs: number
}

export type OpenOutcome =
  | { kind: 'opened'; stream: OpenStream }
  /** Another socket started with this token first. */
  | { kind: 'token_used' }
  /** As many calls of its tenant are live as may be. */
  | { kind: 'over_cap' }
  /** The call's key was erased: its audio can no longer be kept. */
  | { kind: 'gone' }

export type OpenDeps = Pick<IngestContext, 'ledger' | 'contentRing' | 'clock' | 'random'>

/**
 * Makes a stream of a call: burns the token, takes the `start` for an answer where it is one, and
 * adds the row that says this socket is open. All of it or nothing, and once, also if repeated.
 *
 * @throws DbError, LedgerError
 */
export function openStream(
  deps: OpenDeps,
  o: {
    tenantId: string
    callId: string
    tokenId: string | null
    start: StreamStart
    mark: StreamMark
  },
): Promise<OpenOutcome> {
  return deps.ledger.transact(o.tenantId, o.callId, async (work) => {
    const isOpen = await hasStream(work, o.mark)
    if (!isOpen && !(await hasStreamRoom(work.tx, o.tenantId, o.callId))) {
      return { kind: 'over_cap' }
    }
    if (!isOpen && o.tokenId !== null && !(await burnToken(work.tx, o.tenantId, o.tokenId))) {
      return { kind: 'token_used' }
    }
    const dataKey = await readDataKey(deps, work)
    if (dataKey === null) return { kind: 'gone' }
    const call = await loadCall(work.tx, o.callId)
    if (call === null) return { kind: 'gone' }
    // A call that waits to be dialed, or was taken back, is not answered by whoever holds its token.
    const isUnderWay = call.status !== 'queued' && call.status !== 'canceled'
    if (isUnderWay && (await answersByMedia(work.tx, o.tenantId, call.agentId))) {
      await changeStatus(work, call, {
        status: 'in-progress',
        ...(call.sid === null && o.start.callSid !== null ? { sid: o.start.callSid } : {}),
      })
    }
    const { start, mark } = o
    const stream = { dataKey, isInbound: call.direction === 'inbound', start, mark }
    return isOpen ? describeStream(work, stream) : addStream(work, stream)
  })
}

/** False when the token was burnt before: each is good for one `start`. */
export async function burnToken(tx: Tx, tenantId: string, tokenId: string): Promise<boolean> {
  const rows = await tx
    .update(streamTokens)
    .set({ burntAt: sql`now()` })
    .where(
      and(
        eq(streamTokens.tenantId, tenantId),
        eq(streamTokens.id, tokenId),
        isNull(streamTokens.burntAt),
      ),
    )
    .returning({ id: streamTokens.id })
  return rows.length > 0
}

type NewStream = { dataKey: DataKey; isInbound: boolean; start: StreamStart; mark: StreamMark }

/** Adds the row of a socket. */
export async function addStream(work: LedgerWork, o: NewStream): Promise<OpenOutcome> {
  const opened = await describeStream(work, o)
  const { tenantId, callId, streamId, streamSid, sampleRate, prior } = opened.stream
  await work.tx.insert(mediaStreams).values({
    tenantId,
    id: streamId,
    callId,
    streamSid,
    sampleRate,
    keySalt: o.mark.salt.toString('base64url'),
    clockStartMs: prior.clockMs,
    clockMs: prior.clockMs,
    // Not when the transaction began: it may have waited for the one that opened the socket before.
    openedAt: sql`clock_timestamp()`,
  })
  return opened
}

async function describeStream(
  { tx, tenantId, callId }: LedgerWork,
  { dataKey, isInbound, start, mark }: NewStream,
): Promise<Extract<OpenOutcome, { kind: 'opened' }>> {
  const { streamId, salt } = mark
  const stream = {
    tenantId,
    callId,
    streamId,
    streamSid: start.streamSid ?? streamId,
    sampleRate: start.sampleRate,
    isInbound,
    audioLifeMs: await readAudioLife(tx, tenantId),
    dataKey,
    streamKey: createStreamKey(dataKey, { streamId, salt }),
    prior: await priorClockOf(tx, tenantId, callId),
  }
  return { kind: 'opened', stream }
}

async function hasStream({ tx, tenantId }: LedgerWork, { streamId, mayBeOpen }: StreamMark) {
  if (!mayBeOpen) return false
  const rows = await tx
    .select({ id: mediaStreams.id })
    .from(mediaStreams)
    .where(and(eq(mediaStreams.tenantId, tenantId), eq(mediaStreams.id, streamId)))
    .limit(1)
  return rows.length > 0
}

async function readDataKey(
  { contentRing }: OpenDeps,
  { tx, tenantId, callId }: LedgerWork,
): Promise<DataKey | null> {
  const [row] = await tx
    .select({ wrapped: callKeys.wrapped })
    .from(callKeys)
    .where(and(eq(callKeys.tenantId, tenantId), eq(callKeys.callId, callId)))
    .limit(1)
  return row === undefined ? null : openDataKey(contentRing, { tenantId, callId }, row.wrapped)
}

/** For flows and streams the person is rung first, so media means that they answered. */
async function answersByMedia(tx: Tx, tenantId: string, agentId: string | null): Promise<boolean> {
  if (agentId === null) return false
  const [agent] = await tx
    .select({ kind: agents.kind })
    .from(agents)
    .where(and(eq(agents.tenantId, tenantId), eq(agents.id, agentId)))
    .limit(1)
  return agent?.kind === 'flow' || agent?.kind === 'stream'
}
