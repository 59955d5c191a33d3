import type { AudioStreams, Doorbell } from '@callwire/bus'
import type { Ledger } from '@callwire/ledger'
import { maskInterim } from '@callwire/masking'
import type { Acknowledger } from './acknowledge.ts'
import type { Claim } from './claim-call.ts'
import type { SpeechEvent } from './speech/session.ts'
import { createUtterances } from './utterances.ts'
import { writeFinal, writeGap, type Position } from './write-words.ts'

export type PublishDeps = {
  ledger: Ledger
  doorbell: Pick<Doorbell, 'ringInterim'>
  audio: Pick<AudioStreams, 'trimTo'>
}

/**
 * A successor hears this much again before the first word that was not final: a word's sound begins
 * before its speaker is known to speak, and damage shows only in what surrounds it.
 */
const PRE_ROLL_MS = 2_000

/**
 * Says what was heard: interims on the doorbell alone, finals and gaps in the ledger, each with the
 * place in the audio up to which nothing need be heard again.
 *
 * @throws ClaimLost when another transcriber has taken the call
 */
export async function publishWords(
  deps: PublishDeps,
  claim: Claim,
  events: AsyncIterable<SpeechEvent>,
  heardAudio: Acknowledger,
  signal: AbortSignal,
): Promise<void> {
  const utterances = createUtterances(claim.callId, claim.fence)
  let position: Position = { ackedId: claim.ackedId, ackedMs: claim.ackedMs }
  let pendingGap: { fromMs: number; toMs: number; reason: string } | null = null

  const settleGap = async () => {
    if (pendingGap === null) return
    const gap = pendingGap
    pendingGap = null
    await writeGap(deps.ledger, claim, gap)
  }

  const lose = async ({ startMs, endMs, reason }: Extract<SpeechEvent, { type: 'lost' }>) => {
    const joins = pendingGap?.reason === reason && startMs <= pendingGap.toMs
    if (!joins) await settleGap()
    const fromMs = Math.min(pendingGap?.fromMs ?? startMs, startMs)
    pendingGap = { fromMs, toMs: Math.max(pendingGap?.toMs ?? 0, endMs), reason }
  }

  const publish = async (event: SpeechEvent) => {
    if (event.type === 'lost') return lose(event)
    await settleGap()
    const placed = utterances.place(event)
    if (event.type === 'interim') {
      const { text } = maskInterim(event.text)
      const { startMs, endMs, speaker } = event
      const said = { text, startMs, endMs, ...(speaker === undefined ? {} : { speaker }) }
      await deps.doorbell.ringInterim(claim.tenantId, claim.callId, { ...placed, ...said })
      return
    }
    const doneMs = Math.min(event.endMs, utterances.earliestOpenMs() ?? event.endMs) - PRE_ROLL_MS
    const ackedId = heardAudio.upTo(doneMs) ?? position.ackedId
    position = { ackedId, ackedMs: Math.max(position.ackedMs, event.endMs) }
    await writeFinal(deps.ledger, claim, { final: event, ...placed, position })
    if (ackedId !== '0-0') await deps.audio.trimTo(claim.callId, ackedId).catch(() => undefined)
  }

  for await (const event of events) {
    if (signal.aborted) return
    await publish(event)
  }
  if (!signal.aborted) await settleGap()
}
