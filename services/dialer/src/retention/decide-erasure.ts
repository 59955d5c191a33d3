import { isFinal, type CallStatus } from '@callwire/contracts'

/** What has a life of its own. Live audio has one, too, and goes by itself: Redis forgets it. */
export const erasureKinds = ['recordings', 'words', 'numbers'] as const
export type ErasureKind = (typeof erasureKinds)[number]

/** Of days as retention counts them, whatever the clocks of summer do. */
export const DAY_MS = 86_400_000

/** How long a tenant keeps each kind after a call's end, in days; null: until somebody erases it. */
export type Lives = Readonly<Record<ErasureKind, number | null>>

/** A call as erasure sees it, read with its head locked. */
export type ErasureFacts = {
  status: CallStatus
  /** Epoch ms. */
  endedAtMs: number | null
  /** The type of the call's last fact. */
  lastType: string | null
  isTranscribing: boolean
  hasOpenStream: boolean
  /** What of it is stored still. */
  holds: Readonly<Record<ErasureKind, boolean>>
}

/**
 * What of a call is to go: what is held still and has been held for longer than its life. Nothing of
 * a call that is not over: a receipt has to sum up what was, before any of it goes.
 *
 * @param nowMs - epoch ms
 */
export function decideErasure(lives: Lives, call: ErasureFacts, nowMs: number): ErasureKind[] {
  const { endedAtMs, holds } = call
  if (endedAtMs === null || !isClosed(call)) return []
  return erasureKinds.filter((kind) => {
    const days = lives[kind]
    return holds[kind] && days !== null && nowMs - endedAtMs > days * DAY_MS
  })
}

function isClosed(call: ErasureFacts): boolean {
  return (
    isFinal(call.status) &&
    call.lastType === 'call.receipt' &&
    !call.isTranscribing &&
    !call.hasOpenStream
  )
}
