import type { Clock, Metrics } from '@callwire/runtime'

/** What one live call adds to the process's metrics. */
export type SessionMeter = Disposable & {
  /** Ms of audio read and not acknowledged. */
  waiting(ms: number): void
  /** Audio that came in at `arrivedAtMs` (epoch ms) was handed to a provider. */
  given(arrivedAtMs: number): void
}

export type TranscriberMetrics = {
  session(): SessionMeter
  /** A call's first holder has it, so long after its audio began. */
  leased(afterMs: number): void
  /** A recording under way: how many of its whole parts are in no store yet. */
  recording(unstored: () => number): Disposable
  /** So much of a call was told as a gap. */
  lost(reason: string, ms: number): void
}

/** From a block's own length, 100 ms, to a takeover. */
const SECONDS = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2.5, 5, 10, 30]

/** What the transcriber counts. Nothing is labelled by a call. */
export function createTranscriberMetrics(
  metrics: Metrics,
  clock: Pick<Clock, 'now'>,
): TranscriberMetrics {
  const live = new Map<symbol, number>()
  metrics.gauge({
    name: 'callwire_transcriber_sessions',
    help: 'Calls that this process transcribes now',
    collect() {
      this.set(live.size)
    },
  })
  metrics.gauge({
    name: 'callwire_transcriber_unacknowledged_seconds',
    help: 'Audio that a successor would hear again: the worst live call of this process',
    collect() {
      this.set(Math.max(0, ...live.values()) / 1000)
    },
  })
  const recordings = new Map<symbol, () => number>()
  metrics.gauge({
    name: 'callwire_transcriber_unstored_parts',
    help: 'Whole parts of recordings that are in no store yet, in memory and in Redis',
    collect() {
      this.set([...recordings.values()].reduce((sum, unstored) => sum + unstored(), 0))
    },
  })
  const lease = metrics.histogram({
    name: 'callwire_transcriber_lease_seconds',
    help: 'From the first audio of a call to the lease of its first transcriber',
    buckets: SECONDS,
  })
  const given = metrics.histogram({
    name: 'callwire_audio_to_provider_seconds',
    help: 'From the arrival of a block’s last byte to its hand-over to a speech provider',
    buckets: SECONDS,
  })
  const lost = metrics.counter({
    name: 'callwire_transcriber_gap_seconds_total',
    help: 'Audio whose words could not be had, told as gaps, by reason',
    labelNames: ['reason'],
  })
  return {
    lost: (reason, ms) => lost.inc({ reason }, ms / 1000),
    leased: (afterMs) => lease.observe(Math.max(0, afterMs) / 1000),
    recording(unstored) {
      const key = Symbol('recording')
      recordings.set(key, unstored)
      return { [Symbol.dispose]: () => recordings.delete(key) }
    },
    session() {
      const key = Symbol('session')
      live.set(key, 0)
      return {
        waiting: (ms) => live.set(key, ms),
        given: (arrivedAtMs) => given.observe(Math.max(0, clock.now() - arrivedAtMs) / 1000),
        [Symbol.dispose]: () => live.delete(key),
      }
    },
  }
}
