import type { Doorbell } from '@callwire/bus'
import type { Ledger } from '@callwire/ledger'
import { maskInterim } from '@callwire/masking'
import type { Clock } from '@callwire/runtime'
import type { Position } from './acknowledge.ts'
import type { Claim } from './claim-call.ts'
import type { TranscriberMetrics } from './metrics.ts'
import type { SpeechEvent } from './speech/speech-event.ts'
import { createUtterances } from './utterances.ts'
import type { WordsProgress } from './words-progress.ts'
import { ClaimLost, writeFinal, writeGap } from './write-words.ts'

export type PublishDeps = {
  ledger: Ledger
  doorbell: Pick<Doorbell, 'ringInterim'>
  clock: Pick<Clock, 'sleep'>
  metrics: Pick<TranscriberMetrics, 'lost'>
}

/** How the words of a call and the acknowledgement of its audio hang together. */
export type PublishTies = {
  progress: WordsProgress
  onCommitted: (position: Position) => void
  /** Whether the call is certainly still ours, now. */
  isHeld: () => boolean
  signal: AbortSignal
}

/** A loss of several words is told as one gap: how long after one of them the next is awaited. */
const GAP_SETTLES_MS = 1_000

type Gap = { fromMs: number; toMs: number; reason: string }

/**
 * Says what was heard: interims on the doorbell alone, finals and gaps in the ledger, each with the
 * place in the audio up to which nothing need be heard again.
 *
 * @throws ClaimLost when another transcriber has taken the call, or may have
 */
export async function publishWords(
  deps: PublishDeps,
  claim: Claim,
  events: AsyncIterable<SpeechEvent>,
  { progress, onCommitted, isHeld, signal }: PublishTies,
): Promise<void> {
  const utterances = createUtterances(claim.callId, claim.fence)
  const gap: { pending: Gap | null } = { pending: null }

  const settleGap = async () => {
    const { pending } = gap
    if (pending === null) return
    gap.pending = null
    await writeGap(deps.ledger, claim, pending)
    deps.metrics.lost(pending.reason, pending.toMs - pending.fromMs)
    progress.holdFrom(null)
  }

  const lose = async ({ startMs, endMs, reason }: Extract<SpeechEvent, { type: 'lost' }>) => {
    const joins = gap.pending?.reason === reason && startMs <= gap.pending.toMs
    if (!joins) await settleGap()
    const fromMs = Math.min(gap.pending?.fromMs ?? startMs, startMs)
    gap.pending = { fromMs, toMs: Math.max(gap.pending?.toMs ?? 0, endMs), reason }
    progress.holdFrom(fromMs)
  }

  const publish = async (event: SpeechEvent) => {
    if (event.type === 'lost') return lose(event)
    await settleGap()
    const placed = utterances.place(event)
    if (event.type === 'interim') {
      progress.open(utterances.earliestOpenMs())
      const { text } = maskInterim(event.text)
      const { startMs, endMs, speaker } = event
      const said = { text, startMs, endMs, ...(speaker === undefined ? {} : { speaker }) }
      await deps.doorbell.ringInterim(claim.tenantId, claim.callId, { ...placed, ...said })
      return
    }
    const openFromMs = utterances.earliestOpenMs()
    const position = progress.positionAfter(event.endMs, openFromMs)
    await writeFinal(deps.ledger, claim, { final: event, ...placed, position })
    progress.final(event.endMs, openFromMs)
    onCommitted(position)
  }

  const source = events[Symbol.asyncIterator]()
  let next = source.next()
  for (;;) {
    if (gap.pending !== null && !(await comesWithin(deps.clock, next, GAP_SETTLES_MS))) {
      if (signal.aborted) return
      if (!isHeld()) throw new ClaimLost()
      await settleGap()
    }
    progress.isBusy(gap.pending !== null)
    const result = await next
    progress.isBusy(true)
    if (signal.aborted) return
    // A process that stood still must not speak for a call that went on without it.
    if (!isHeld()) throw new ClaimLost()
    if (result.done === true) break
    await publish(result.value)
    next = source.next()
  }
  await settleGap()
}

/** Whether something comes within so many ms. */
async function comesWithin(
  clock: Pick<Clock, 'sleep'>,
  coming: Promise<unknown>,
  ms: number,
): Promise<boolean> {
  const stop = new AbortController()
  const late = clock.sleep(ms, stop.signal).then(
    () => false,
    () => true,
  )
  try {
    return await Promise.race([coming.then(() => true), late])
  } finally {
    stop.abort()
  }
}
