import { audioHeader, type AudioEntry, type AudioStreams } from '@callwire/bus'
import { createStreamKey, sealBlock, type DataKey } from '@callwire/crypto'
import { mediaStreams, transcriptions } from '@callwire/db'
import { writeReceiptIfDone, type Ledger } from '@callwire/ledger'
import { systemRandom } from '@callwire/runtime'
import { eventually } from '@callwire/testkit'
import { eq, sql } from 'drizzle-orm'

const BLOCK_MS = 100
const BYTES_PER_MS = 16

export type MediaSocket = Awaited<ReturnType<typeof openSocket>>

/** Does with audio what the media service does: seals it in blocks of 100 ms, and keeps the socket's row. */
export async function openSocket(o: {
  ledger: Ledger
  audio: AudioStreams
  dataKey: DataKey
  streamId: string
  tenantId: string
  callId: string
  /** Where its audio begins on the call's clock. */
  clockStartMs?: number
  /** Where the audio before it ended: the hole between is told, as the media service does. */
  priorClockMs?: number
}) {
  const { ledger, audio, tenantId, callId, streamId } = o
  const salt = systemRandom(16)
  const key = createStreamKey(o.dataKey, { streamId, salt })
  const startedAt = new Date()
  let index = 0
  /** All of it, as it was handed over. */
  const sent: AudioEntry[] = []
  const append = async (entry: AudioEntry) => {
    sent.push(entry)
    // Its connection may be back a moment later than another's.
    await eventually(() =>
      audio.append(callId, entry).then(
        () => true,
        () => false,
      ),
    )
  }
  let clockMs = o.clockStartMs ?? 0
  await ledger.transact(tenantId, callId, async (work) => {
    await work.tx.insert(mediaStreams).values({
      tenantId,
      id: streamId,
      callId,
      streamSid: streamId,
      sampleRate: 8_000,
      keySalt: salt.toString('base64url'),
      clockStartMs: clockMs,
      clockMs,
      startedAt,
    })
    await work.tx
      .insert(transcriptions)
      .values({ tenantId, callId })
      .onConflictDoUpdate({
        target: [transcriptions.tenantId, transcriptions.callId],
        set: { state: 'pending', updatedAt: sql`now()` },
      })
    await work.append({
      type: 'stream.started',
      data: { streamSid: streamId, sampleRate: 8_000, startedAt: startedAt.toISOString() },
    })
  })

  const { priorClockMs = clockMs } = o
  if (priorClockMs < clockMs) {
    await append({ kind: 'gap', streamId, fromMs: priorClockMs, toMs: clockMs })
  }

  return {
    startedAt,
    clockMs: () => clockMs,
    /** Hands over audio; with `paced`, as fast as it is spoken. */
    async play(pcm: Buffer, how: { paced?: boolean; tamper?: boolean } = {}): Promise<void> {
      const begunAt = performance.now()
      const step = BLOCK_MS * BYTES_PER_MS
      for (let at = 0; at < pcm.length; at += step) {
        const block = pcm.subarray(at, at + step)
        const startMs = clockMs
        const header = audioHeader({ tenantId, callId, streamId, index, startMs })
        const sealed = sealBlock(key, { index, header }, block)
        if (how.tamper === true) sealed.writeUInt8(sealed.readUInt8(0) ^ 1, 0)
        clockMs += block.length / BYTES_PER_MS
        if (how.paced === true) {
          const dueMs = begunAt + (at + block.length) / BYTES_PER_MS - performance.now()
          await new Promise((resolve) => setTimeout(resolve, Math.max(0, dueMs)))
        }
        const arrivedAtMs = Date.now()
        await append({ kind: 'audio', streamId, index, startMs, sealed, arrivedAtMs })
        index += 1
      }
    },
    /** Says in Redis that there is no more. */
    sayEnd: () => append({ kind: 'end', streamId, atMs: clockMs }),
    /** Hands the newest so many entries over once more, the same bytes: Redis has lost them. */
    async again(count: number): Promise<void> {
      for (const entry of count === 0 ? [] : sent.slice(-count)) await audio.append(callId, entry)
    },
    /** Closes the socket's row. */
    closeRow: () =>
      ledger.transact(tenantId, callId, async (work) => {
        await work.tx
          .update(mediaStreams)
          .set({ endedAt: sql`now()`, clockMs })
          .where(eq(mediaStreams.id, streamId))
        const none = { duplicated: 0, rewound: 0, gaps: [] }
        const audioMs = clockMs - (o.clockStartMs ?? 0)
        const data = { frames: audioMs / 20, audioMs, ...none, reason: 'stop' }
        await work.append({ type: 'stream.ended', data })
        await writeReceiptIfDone(work, Date.now())
      }),
    async end(): Promise<void> {
      await this.sayEnd()
      await this.closeRow()
    },
  }
}
