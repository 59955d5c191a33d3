import { audioHeader } from '@callwire/bus'
import { sealBlock } from '@callwire/crypto'
import {
  createFrameAccountant,
  createReframer,
  type MediaFrame,
  type PcmBlock,
} from '@callwire/exotel'
import type { Counters } from './counters.ts'
import type { OpenStream } from './open-stream.ts'
import type { Outbox, Range } from './outbox.ts'
import { clockStartOf } from './prior-clock.ts'
import { unionOf } from './ranges.ts'

/** What became of a frame: `beyond` when the call's clock is at its end. */
export type Taken = 'accept' | 'duplicate' | 'beyond'

/** One socket's way from frames to sealed blocks. No I/O: what comes out goes to the outbox. */
export type AudioPath = {
  /** `isFirst` for the first audio of the socket. */
  frame(frame: MediaFrame, arrivedAtMs: number): { taken: Taken; isFirst: boolean }
  /** A message without audio, for its number. */
  note(sequenceNumber: number | undefined): void
  /** Sends what has not filled a block. */
  flush(): void
  /** Sends the rest and says that there is no more. */
  end(): void
  /** Audio that Redis never got: to be told as a gap. */
  lost(range: Range): void
  /** Where the call's clock is, ms. */
  clockMs(): number
  counters(): Counters
}

export function createAudioPath(stream: OpenStream, outbox: Pick<Outbox, 'push'>): AudioPath {
  const { tenantId, callId, streamId, streamKey, sampleRate, prior } = stream
  const reframer = createReframer({ sampleRate })
  const otherGaps: Range[] = []
  let accountant: ReturnType<typeof createFrameAccountant> | null = null
  let index = 0
  let lastArrivedAtMs = 0

  const sendBlock = ({ pcm, startMs }: PcmBlock) => {
    const place = { index, startMs }
    index += 1
    const header = audioHeader({ tenantId, callId, streamId, ...place })
    const sealed = sealBlock(streamKey, { index: place.index, header }, pcm)
    const endMs = startMs + Math.floor((pcm.length * 500) / sampleRate)
    const arrivedAtMs = lastArrivedAtMs
    outbox.push({ kind: 'audio', streamId, ...place, sealed, arrivedAtMs }, endMs)
  }
  const sendGap = (gap: Range) => {
    outbox.push({ kind: 'gap', streamId, ...gap }, gap.toMs)
  }
  const flush = () => {
    const rest = reframer.flush()
    if (rest !== null) sendBlock(rest)
  }

  /** The clock of a call that another socket had before goes on by wall time: a hole. */
  const begin = (arrivedAtMs: number) => {
    const startMs = clockStartOf(prior, arrivedAtMs)
    if (startMs > prior.clockMs) {
      const hole = { fromMs: prior.clockMs, toMs: startMs }
      otherGaps.push(hole)
      sendGap(hole)
    }
    return createFrameAccountant({ sampleRate, startMs })
  }

  const clockMs = () => accountant?.counters().clockMs ?? prior.clockMs

  return {
    frame(frame, arrivedAtMs) {
      const isFirst = accountant === null
      accountant ??= begin(arrivedAtMs)
      const result = accountant.frame(frame)
      if (result.action !== 'accept') return { taken: result.action, isFirst: false }
      if (result.gap !== null) {
        // What is flushed ended with an earlier frame, so its time stands.
        flush()
        sendGap(result.gap)
      }
      lastArrivedAtMs = arrivedAtMs
      for (const block of reframer.push(result)) sendBlock(block)
      return { taken: 'accept', isFirst }
    },
    note: (sequenceNumber) => accountant?.note(sequenceNumber),
    flush,
    end() {
      flush()
      outbox.push({ kind: 'end', streamId, atMs: clockMs() }, clockMs())
    },
    lost(range) {
      const last = otherGaps.at(-1)
      if (last?.toMs === range.fromMs) last.toMs = range.toMs
      else otherGaps.push({ ...range })
    },
    clockMs,
    counters() {
      const counted = accountant?.counters()
      return {
        frames: counted?.frames ?? 0,
        audioMs: counted?.audioMs ?? 0,
        duplicated: counted?.duplicated ?? 0,
        rewound: counted?.rewound ?? 0,
        clockMs: clockMs(),
        gaps: unionOf([...(counted?.gaps ?? []), ...otherGaps]),
      }
    },
  }
}
