import type { MediaFrame } from '@callwire/exotel'
import { errorFields } from '@callwire/runtime'
import { createAudioPath, type Taken } from './audio-path.ts'
import type { IngestContext } from './context.ts'
import { nothingCounted, sinceTold, toldTogether, type Counters } from './counters.ts'
import { createFactQueue } from './fact-queue.ts'
import type { Heartbeats } from './heartbeats.ts'
import type { IngestMetrics } from './metrics.ts'
import type { OpenStream } from './open-stream.ts'
import { createOutbox } from './outbox.ts'
import type { PriorClock } from './prior-clock.ts'
import { recordDtmf, recordEnded, recordReopened, recordStarted } from './stream-facts.ts'

/** A block waits no longer than this for the audio that would fill it. */
const STALL_MS = 200
/** At the end of a stream Redis may be away for as long as in its middle. */
const LAST_AUDIO_MS = 15_000
/**
 * XREAD's batch when looking for what Redis kept: more than is kept here, but for the smallest of
 * blocks. What lies beyond goes twice, and is the same then.
 */
const LOOK_BACK = 10_000

export type LiveStreamDeps = Pick<
  IngestContext,
  'database' | 'ledger' | 'audio' | 'queues' | 'clock' | 'random' | 'log'
> & { metrics: IngestMetrics; heartbeats: Heartbeats }

type Measured = { frames: number; rewound: number; gapsMs: number; atMs: number }

/** A socket that has its call: everything that happens to its audio and its facts. */
export type LiveStream = {
  /** `arrivedAtMs` is wall time, `nowMs` monotonic. */
  media(frame: MediaFrame, arrivedAtMs: number, nowMs: number): Taken
  /** Called a few times a second: hands on what waits for audio that does not come. */
  tick(nowMs: number): void
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
    streamId,
    sink: {
      append: (entry, { urgent }) =>
        deps.audio.append(callId, entry, { lifeMs: stream.audioLifeMs, urgent }),
      has: (id) => deps.audio.has(callId, id),
      losses: () => deps.audio.losses(),
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
      deps.metrics.lost.inc((range.toMs - range.fromMs) / 1_000)
    },
    onAppended: (entry) => {
      if (entry.kind !== 'audio' || entry.arrivedAtMs === undefined) return
      deps.metrics.blockToRedis.observe((deps.clock.now() - entry.arrivedAtMs) / 1_000)
    },
    onAppendFailed: () => deps.metrics.appendFailures.inc(),
  })
  const path = createAudioPath(stream, outbox)
  /** Without the outbox. A transcriber looks for what is pending by itself, only later. */
  const wakeNow = () =>
    deps.queues.wakeTranscriber(job).catch((error: unknown) => {
      log.debug(errorFields(error), 'transcriber not woken')
    })
  const facts = createFactQueue({ ...deps, log })
  let firstAudioAtMs = stream.prior.firstAudioAtMs
  let lastAudioMs = Infinity

  /** By ends that were not the last. */
  let told = nothingCounted
  let isReopening = false
  let measured: Measured = { frames: 0, rewound: 0, gapsMs: 0, atMs: deps.clock.monotonicMs() }
  const measure = (counters: Counters): Measured => {
    const { frames, rewound } = counters
    const now = { frames, rewound, gapsMs: totalMs(counters.gaps), atMs: deps.clock.monotonicMs() }
    deps.metrics.rewound.inc(now.rewound - measured.rewound)
    deps.metrics.gaps.inc(Math.max(0, now.gapsMs - measured.gapsMs) / 1_000)
    return now
  }
  /** Nobody heard this socket for a while: those who took it for lost have closed the books. */
  const reopen = (row: Counters) => {
    if (isReopening) return
    isReopening = facts.add('stream.reopened', async () => {
      try {
        await recordReopened(deps, stream, deps.clock.now())
        told = toldTogether(told, row)
        outbox.wake()
        log.warn('stream taken for lost goes on')
      } finally {
        isReopening = false
      }
    })
  }
  const leave = deps.heartbeats.add({
    tenantId,
    beat() {
      outbox.recheck()
      const counters = path.counters()
      const now = measure(counters)
      const framesPerSecond = rateOf(measured, now)
      measured = now
      const bufferedMs = outbox.bufferedMs()
      const untold = sinceTold(told, counters)
      return { id: streamId, callId, ...untold, framesPerSecond, bufferedMs }
    },
    hear(news) {
      if (news.canceled) on.canceled()
      else if (news.replaced) on.replaced()
      else if (news.ended !== null) reopen(news.ended)
    },
  })

  return {
    media(frame, arrivedAtMs, nowMs) {
      const { taken, isFirst } = path.frame(frame, arrivedAtMs)
      lastAudioMs = nowMs
      if (isFirst) {
        firstAudioAtMs ??= arrivedAtMs
        facts.add('stream.started', async () => {
          await recordStarted(deps, stream, arrivedAtMs)
          outbox.wake()
        })
      }
      return taken
    },
    tick(nowMs) {
      if (nowMs - lastAudioMs < STALL_MS) return
      lastAudioMs = Infinity
      path.flush()
    },
    dtmf({ digit, durationMs }) {
      const press = { digit, durationMs, atMs: path.clockMs() }
      const taken = facts.add('stream.dtmf', () => recordDtmf(deps, stream, press))
      if (!taken) deps.metrics.skipped.inc({ why: 'dtmf_flood' })
    },
    note: (sequenceNumber) => path.note(sequenceNumber),
    async end(reason) {
      lastAudioMs = Infinity
      path.end()
      // The wake-up comes after the beginning is on record, and needs the outbox.
      await facts.settled()
      await outbox.finish(LAST_AUDIO_MS)
      leave()
      const counters = path.counters()
      measured = measure(counters)
      facts.add('stream.ended', async () => {
        const end = { counters: sinceTold(told, counters), reason }
        if (await recordEnded(deps, stream, end)) await wakeNow()
      })
      await facts.settled()
      log.info({ reason, frames: counters.frames }, 'stream ended')
    },
    clock: () => ({ firstAudioAtMs, clockMs: path.clockMs() }),
  }
}

function totalMs(ranges: readonly { fromMs: number; toMs: number }[]): number {
  return ranges.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0)
}

function rateOf(before: Measured, now: Measured): number {
  const seconds = (now.atMs - before.atMs) / 1_000
  return seconds > 0 ? Math.round((now.frames - before.frames) / seconds) : 0
}
