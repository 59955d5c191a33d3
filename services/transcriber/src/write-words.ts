import { mask } from '@callwire/masking'
import { sealWithDataKey } from '@callwire/crypto'
import { transcriptions } from '@callwire/db'
import type { Ledger, LedgerWork } from '@callwire/ledger'
import { AppError } from '@callwire/runtime'
import { and, eq, sql } from 'drizzle-orm'
import type { Position } from './acknowledge.ts'
import type { Claim } from './claim-call.ts'
import { positionColumns } from './position-columns.ts'
import type { SpeechEvent } from './speech/speech-event.ts'

/** Another transcriber has taken the call: whatever this one still holds is for the other to say. */
export class ClaimLost extends AppError {
  constructor() {
    super({ code: 'claim_lost', message: 'The call is another transcriber’s now.', level: 'info' })
  }
}

type Final = Extract<SpeechEvent, { type: 'interim' | 'final' }>

/** Commits one final: masked in clear, its original words sealed beside it, and how far the audio is done with. */
export async function writeFinal(
  ledger: Ledger,
  claim: Claim,
  o: { final: Final; utteranceId: string; rev: number; position: Position },
): Promise<void> {
  const { final } = o
  const masked = mask(final.text)
  const original = sealWithDataKey(
    claim.dataKey,
    {
      purpose: 'transcript-original',
      tenantId: claim.tenantId,
      rowId: claim.callId,
      field: 'text',
    },
    final.text,
  )
  await ledger.transact(claim.tenantId, claim.callId, async (work) => {
    await advance(work, claim, { state: 'pending', position: o.position })
    await work.append({
      type: 'transcript.final',
      data: {
        utteranceId: o.utteranceId,
        rev: o.rev,
        text: masked.text,
        startMs: final.startMs,
        endMs: final.endMs,
        ...(final.speaker === undefined ? {} : { speaker: final.speaker }),
        ...(final.language === undefined ? {} : { language: final.language }),
        ...(final.confidence === undefined ? {} : { confidence: final.confidence }),
        provider: final.provider,
        masked: masked.masked,
      },
      secret: { field: 'text', sealed: original },
    })
  })
}

/** Commits a stretch whose words could not be had; whole ms, so that no part of it goes unnamed. */
export async function writeGap(
  ledger: Ledger,
  claim: Claim,
  gap: { fromMs: number; toMs: number; reason: string },
): Promise<void> {
  const data = { ...gap, fromMs: Math.floor(gap.fromMs), toMs: Math.ceil(gap.toMs) }
  await ledger.transact(claim.tenantId, claim.callId, async (work) => {
    await advance(work, claim, { state: 'pending' })
    await work.append({ type: 'transcript.gap', data })
  })
}

/** Says how far a call is, under its fence; its position never goes back. @throws ClaimLost */
export async function advance(
  work: LedgerWork,
  claim: Claim,
  to: { state: 'pending' | 'done'; position?: Position },
): Promise<void> {
  const position = to.position === undefined ? {} : positionColumns(to.position)
  const moved = await work.tx
    .update(transcriptions)
    .set({ state: to.state, ...position, updatedAt: sql`now()` })
    .where(and(eq(transcriptions.callId, claim.callId), eq(transcriptions.fence, claim.fence)))
    .returning({ callId: transcriptions.callId })
  if (moved.length === 0) throw new ClaimLost()
}
