import { newId, ID_RANDOM_BYTES } from '@callwire/contracts'
import { createStreamKey, openDataKey, type DataKey, type StreamKey } from '@callwire/crypto'
import { agents, callKeys, mediaStreams, streamTokens, type Tx } from '@callwire/db'
import { changeStatus, loadCall, NOT_PLACED, type CallRow, type LedgerWork } from '@callwire/ledger'
import { and, eq, isNull, sql, type SQL } from 'drizzle-orm'
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
  /** Its socket has left: it takes the call from nobody. */
  isOver: boolean
}

export function markStream({ clock, random }: Pick<OpenDeps, 'clock' | 'random'>): StreamMark {
  const streamId = newId('stream', { nowMs: clock.now(), random: random(ID_RANDOM_BYTES) })
  return { streamId, salt: random(16), mayBeOpen: false, isOver: false }
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
  /** By the database's clock, epoch ms: which of a call's sockets is the newest. */
  openedAtMs: number
  /** How long its audio lives in Redis when nobody reads it, after the last block. */
  audioLifeMs: number
}

export type OpenOutcome =
  | { kind: 'opened'; stream: OpenStream }
  /** Another socket started with this token first. */
  | { kind: 'token_used' }
  /** As many calls of its tenant are live as may be. */
  | { kind: 'over_cap' }
  /** The call's key was erased, or the call is long over: its audio can no longer be kept. */
  | { kind: 'gone' }

/**
 * How long after Exotel said that a call is over its socket may still start: the two go separate
 * ways. Later, whoever holds its token is not its call.
 */
const STARTS_AFTER_END_MS = 60_000

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
    const openedAt = await openedBefore(work, o.mark)
    const isOpen = openedAt !== null
    if (!isOpen && !(await hasStreamRoom(work.tx, o.tenantId, o.callId))) {
      return { kind: 'over_cap' }
    }
    if (!isOpen && o.tokenId !== null && !(await burnToken(work.tx, o.tenantId, o.tokenId))) {
      return { kind: 'token_used' }
    }
    const dataKey = await readDataKey(deps, work)
    if (dataKey === null) return { kind: 'gone' }
    const call = await loadCall(work.tx, o.callId)
    if (call === null || (!isOpen && isLongOver(call, deps.clock.now()))) return { kind: 'gone' }
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
    return isOpen ? opened(await describeStream(work, stream), openedAt) : addStream(work, stream)
  })
}

/**
 * The end of an inbound call is only the end of its last socket, and a further one goes on with it;
 * media of a call that was never placed is news of it.
 */
function isLongOver(
  { direction, reasonCode, endedAt }: Pick<CallRow, 'direction' | 'reasonCode' | 'endedAt'>,
  nowMs: number,
): boolean {
  if (direction === 'inbound' || reasonCode === NOT_PLACED || endedAt === null) return false
  return nowMs - endedAt.getTime() > STARTS_AFTER_END_MS
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
  const stream = await describeStream(work, o)
  const { tenantId, callId, streamId, streamSid, sampleRate, prior } = stream
  const [row] = await work.tx
    .insert(mediaStreams)
    .values({
      tenantId,
      id: streamId,
      callId,
      streamSid,
      sampleRate,
      keySalt: o.mark.salt.toString('base64url'),
      clockStartMs: prior.clockMs,
      clockMs: prior.clockMs,
      // Not when the transaction began: it may have waited for the one that opened the socket before.
      openedAt: o.mark.isOver ? beforeOpenOnes(work) : sql`clock_timestamp()`,
    })
    .returning({ openedAt: mediaStreams.openedAt })
  return opened(stream, row?.openedAt)
}

function opened(stream: Omit<OpenStream, 'openedAtMs'>, openedAt: Date | undefined): OpenOutcome {
  return { kind: 'opened', stream: { ...stream, openedAtMs: openedAt?.getTime() ?? 0 } }
}

/** A socket that has left must not look newer than one that is there. */
function beforeOpenOnes({ tenantId, callId }: LedgerWork): SQL {
  return sql`coalesce((
    select min(other.opened_at) - interval '1 millisecond' from media_streams other
    where other.tenant_id = ${tenantId} and other.call_id = ${callId} and other.ended_at is null
  ), clock_timestamp())`
}

async function describeStream(
  { tx, tenantId, callId }: LedgerWork,
  { dataKey, isInbound, start, mark }: NewStream,
): Promise<Omit<OpenStream, 'openedAtMs'>> {
  const { streamId, salt } = mark
  return {
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
}

/** When the socket's stream was opened by a try whose answer was lost; null when it was not. */
async function openedBefore(
  { tx, tenantId }: LedgerWork,
  { streamId, mayBeOpen }: StreamMark,
): Promise<Date | null> {
  if (!mayBeOpen) return null
  const [row] = await tx
    .select({ openedAt: mediaStreams.openedAt })
    .from(mediaStreams)
    .where(and(eq(mediaStreams.tenantId, tenantId), eq(mediaStreams.id, streamId)))
    .limit(1)
  return row?.openedAt ?? null
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
