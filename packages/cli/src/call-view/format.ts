import type { LiveEvent, Receipt } from '@callwire/contracts'

/** `00:03.4` on the call's clock. */
export function clockText(ms: number): string {
  const tenths = Math.floor(ms / 100)
  const minutes = Math.floor(tenths / 600)
  const seconds = (tenths % 600) / 10
  return `${String(minutes).padStart(2, '0')}:${seconds.toFixed(1).padStart(4, '0')}`
}

/** How long after its last sound an utterance stood in the ledger, from the events themselves. */
export function latencyMs(at: string, startedAt: string, endMs: number): number {
  return Date.parse(at) - (Date.parse(startedAt) + endMs)
}

/** `transcript.final` on one line: its place, who spoke, what was said, and how soon it was known. */
export function finalLine(
  event: Extract<LiveEvent, { type: 'transcript.final' }>,
  startedAt: string | null,
): string {
  const { data } = event
  const latency =
    startedAt === null ? '' : `   (+${String(latencyMs(event.at, startedAt, data.endMs))} ms)`
  return `  ${clockText(data.startMs)}  ${(data.speaker ?? 'speaker').padEnd(8)}  ${data.text}${latency}`
}

/** A receipt in a sentence. */
export function receiptText(receipt: Receipt): string {
  const missingMs = receipt.gaps.reduce((sum, gap) => sum + gap.toMs - gap.fromMs, 0)
  const gaps = missingMs === 0 ? 'nothing missing' : `${String(missingMs)} ms missing`
  return (
    `receipt ${String(receipt.revision)}: ${String(receipt.events)} events, ` +
    `${String(receipt.utterances)} utterances, ${(receipt.audioMs / 1000).toFixed(1)} s of audio in ` +
    `${String(receipt.frames)} frames, ${gaps}; hash ${receipt.hash.slice(0, 12)}…`
  )
}
