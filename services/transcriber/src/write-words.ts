import { mask } from '@callwire/masking'
import { sealWithDataKey } from '@callwire/crypto'
import { transcriptions } from '@callwire/db'
import type { Ledger, LedgerWork } from '@callwire/ledger'
import { AppError } from '@callwire/runtime'
import { and, eq, sql } from 'drizzle-orm'
import type { Claim } from './claim-call.ts'
import type { SpeechEvent } from './speech/session.ts'

/** Another transcriber has taken the call: whatever this one still holds is for the other to say. */
export class ClaimLost extends AppError {
  constructor() {
    super({ code: 'claim_lost', message: 'The call is another transcriber’s now.', level: 'info' })
  }
}

type Final = Extract<SpeechEvent, { type: 'interim' | 'final' }>
export type Position = { ackedId: string; ackedMs: number }

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
    await advance(work, claim, { ...o.position, state: 'pending' })
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

/** Commits a stretch whose words could not be had. */
export async function writeGap(
  ledger: Ledger,
  claim: Claim,
  gap: { fromMs: number; toMs: number; reason: string },
): Promise<void> {
  await ledger.transact(claim.tenantId, claim.callId, async (work) => {
    await advance(work, claim, { state: 'pending', ackedMs: gap.toMs })
    await work.append({ type: 'transcript.gap', data: gap })
  })
}

/** Moves the call's position under its fence; its clock never goes back. @throws ClaimLost */
export async function advance(
  work: LedgerWork,
  claim: Claim,
  to: Partial<Position> & { state: 'pending' | 'done' },
): Promise<void> {
  const { ackedMs, ...rest } = to
  const clock =
    ackedMs === undefined
      ? {}
      : { ackedMs: sql<number>`greatest(${transcriptions.ackedMs}, ${ackedMs})` }
  const moved = await work.tx
    .update(transcriptions)
    .set({ ...rest, ...clock, updatedAt: sql`now()` })
    .where(and(eq(transcriptions.callId, claim.callId), eq(transcriptions.fence, claim.fence)))
    .returning({ callId: transcriptions.callId })
  if (moved.length === 0) throw new ClaimLost()
}
