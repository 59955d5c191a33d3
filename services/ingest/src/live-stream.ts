import type { MediaFrame } from '@callwire/exotel'
import { every } from '@callwire/runtime'
import { createAudioPath } from './audio-path.ts'
import type { IngestContext } from './context.ts'
import { createFactQueue } from './fact-queue.ts'
import type { IngestMetrics } from './metrics.ts'
import type { OpenStream } from './open-stream.ts'
import { createOutbox } from './outbox.ts'
import type { PriorClock } from './prior-clock.ts'
import { recordDtmf, recordEnded, recordHeartbeat, recordStarted } from './stream-facts.ts'

/** A block waits no longer than this for the audio that would fill it. */
const STALL_MS = 200
/** Well below the 15 s after which a socket's row counts as left behind. */
const HEARTBEAT_MS = 3_000
/** At the end of a stream Redis may be away for as long as in its middle. */
const LAST_AUDIO_MS = 15_000
/** XREAD's batch when looking for what Redis kept: more than is kept here. */
const LOOK_BACK = 1_000

export type LiveStreamDeps = Pick<
  IngestContext,
  'database' | 'ledger' | 'audio' | 'queues' | 'clock' | 'random' | 'log'
> & { metrics: IngestMetrics }

/** A socket that has its call: everything that happens to its audio and its facts. */
export type LiveStream = {
  media(frame: MediaFrame, arrivedAtMs: number): { accepted: boolean }
  dtmf(press: { digit: string; durationMs: number }): void
  note(sequenceNumber: number | undefined): void
  /** Ends the audio now; resolves when the end is on record. */
  end(reason: string): Promise<void>
  /** Where another socket takes the call's clock up. */
  clock(): PriorClock
}

export function createLiveStream(
  deps: LiveStreamDeps,
  stream: OpenStream,
  on: { replaced: () => void; canceled: () => void },
): LiveStream {
  const { tenantId, callId, streamId } = stream
  const log = deps.log.child({ tenantId, callId, streamId })
  const job = { tenantId, callId }
  const outbox = createOutbox({
    sink: {
      append: (entry) => deps.audio.append(callId, entry),
      idsAfter: async (afterId) => {
        const entries = await deps.audio.read(callId, afterId, { blockMs: 0, count: LOOK_BACK })
        return entries.map(({ id }) => id)
      },
      exists: () => deps.audio.exists(callId),
      wakeTranscriber: () => deps.queues.wakeTranscriber(job),
    },
    clock: deps.clock,
    random: deps.random,
    log,
    onLost: (range) => {
      path.lost(range)
      deps.metrics.lostMs.inc(range.toMs - range.fromMs)
    },
    onAppendFailed: () => deps.metrics.appendFailures.inc(),
  })
  const path = createAudioPath(stream, outbox)
  const facts = createFactQueue({ ...deps, log })
  const stop = new AbortController()
  let firstAudioAtMs = stream.prior.firstAudioAtMs
  const stalled = setTimeout(() => path.flush(), STALL_MS)

  const heartbeat = every(
    HEARTBEAT_MS,
    async () => {
      outbox.recheck()
      const news = await recordHeartbeat(deps, stream, path.counters())
      if (stop.signal.aborted) return
      if (news.canceled) on.canceled()
      else if (news.replaced) on.replaced()
    },
    { clock: deps.clock, signal: stop.signal, log, name: 'stream heartbeat' },
  )

  return {
    media(frame, arrivedAtMs) {
      const { accepted, isFirst } = path.frame(frame, arrivedAtMs)
      stalled.refresh()
      if (isFirst) {
        firstAudioAtMs ??= arrivedAtMs
        facts.add('stream.started', async () => {
          await recordStarted(deps, stream, arrivedAtMs)
          outbox.wake()
        })
      }
      return { accepted }
    },
    dtmf({ digit, durationMs }) {
      const press = { digit, durationMs, atMs: path.clockMs() }
      const taken = facts.add('stream.dtmf', () => recordDtmf(deps, stream, press))
      if (!taken) deps.metrics.skipped.inc({ why: 'dtmf_flood' })
    },
    note: (sequenceNumber) => path.note(sequenceNumber),
    async end(reason) {
      clearTimeout(stalled)
      path.end()
      // The wake-up comes after the beginning is on record, and needs the outbox.
      await facts.settled()
      await outbox.finish(LAST_AUDIO_MS)
      stop.abort()
      facts.add('stream.ended', () =>
        recordEnded(deps, stream, { counters: path.counters(), reason }),
      )
      await facts.settled()
      await heartbeat[Symbol.asyncDispose]()
      log.info({ reason, frames: path.counters().frames }, 'stream ended')
    },
    clock: () => ({ firstAudioAtMs, clockMs: path.clockMs() }),
  }
}
