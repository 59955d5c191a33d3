import type { CallRecording } from '@callwire/contracts'
import type { Tx } from '@callwire/db'
import { findRecording } from './find-recording.ts'

/** What a call's page says of its recording; null when there is none. */
export async function viewRecording(tx: Tx, callId: string): Promise<CallRecording | null> {
  const found = await findRecording(tx, callId)
  if (found === null) return null
  const state =
    found.erasedAt !== null ? 'erased' : found.finishedAt === null ? 'recording' : 'kept'
  return { state, durationMs: found.recordedMs, gaps: gapsOf(found.parts) }
}

/** Pure: where no part is, up to the end of the last one. */
export function gapsOf(
  parts: readonly { fromMs: number; toMs: number }[],
): { fromMs: number; toMs: number }[] {
  const gaps: { fromMs: number; toMs: number }[] = []
  let atMs = 0
  for (const { fromMs, toMs } of parts) {
    if (fromMs > atMs) gaps.push({ fromMs: atMs, toMs: fromMs })
    atMs = Math.max(atMs, toMs)
  }
  return gaps
}
