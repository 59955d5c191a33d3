import type { MediaStart } from '@callwire/exotel'
import { AppError } from '@callwire/runtime'
import type { Admission } from './admission.ts'
import { bindCall } from './bind-call.ts'
import { closes, type Close } from './closes.ts'
import { createLiveStream, type LiveStream, type LiveStreamDeps } from './live-stream.ts'
import { openInbound } from './open-inbound.ts'
import { openStream, type OpenDeps } from './open-stream.ts'
import { laterClock } from './prior-clock.ts'
import type { Registry } from './registry.ts'
import type { Session } from './session.ts'

export type SessionDeps = LiveStreamDeps &
  OpenDeps & {
    registry: Registry
    /** Told of every accepted media message. */
    onFrame: () => void
  }

export type StartOutcome = { kind: 'live'; live: LiveStream } | { kind: 'refused'; close: Close }

/** A store that restarts is back by then; the socket's audio is kept meanwhile. */
const TRIES = 4
const TRY_AGAIN_MS = 700

/**
 * From `start` to a live stream: finds the call, opens the stream, takes the call from the socket
 * that had it.
 *
 * @throws DbError, LedgerError; `AbortError` when `signal` aborts before the stream is open
 */
export async function startStream(
  deps: SessionDeps,
  o: { session: Session; admission: Admission; start: MediaStart; signal: AbortSignal },
): Promise<StartOutcome> {
  for (let tries = 1; ; tries += 1) {
    try {
      const outcome = await tryStart(deps, o)
      if (outcome !== 'raced') return outcome
    } catch (error) {
      if (!(error instanceof AppError) || !error.retryable || tries >= TRIES) throw error
      await deps.clock.sleep(TRY_AGAIN_MS, o.signal)
    }
  }
}

async function tryStart(
  deps: SessionDeps,
  o: { session: Session; admission: Admission; start: MediaStart; signal: AbortSignal },
): Promise<StartOutcome | 'raced'> {
  const { admission } = o
  const start = {
    callSid: textOrNull(o.start.callSid),
    streamSid: textOrNull(o.start.streamSid),
    from: textOrNull(o.start.from),
    sampleRate: o.start.sampleRate,
    customParameters: o.start.customParameters,
  }
  const binding = await bindCall(deps, { admission, start, signal: o.signal })
  o.signal.throwIfAborted()
  if (binding.kind === 'refuse') {
    const close = binding.reason === 'identity' ? closes.identity : closes.unknownCall
    return { kind: 'refused', close }
  }
  const tokenId = admission.kind === 'address' ? null : admission.tokenId
  const opened =
    binding.kind === 'bind'
      ? await openStream(deps, { ...binding.call, tokenId, start })
      : await openInbound(deps, { ...binding, tokenId, start })
  switch (opened.kind) {
    case 'raced':
      return 'raced'
    case 'token_used':
      return { kind: 'refused', close: closes.tokenUsed }
    case 'gone':
      return { kind: 'refused', close: closes.unknownCall }
    case 'opened': {
      const { stream } = opened
      const older = o.signal.aborted ? null : await deps.registry.takeOver(stream.callId, o.session)
      const prior = older === null ? stream.prior : laterClock(stream.prior, older)
      const live = createLiveStream(
        deps,
        { ...stream, prior },
        {
          replaced: () => o.session.close(closes.replaced),
          canceled: () => o.session.close(closes.canceled),
        },
      )
      deps.log.info(
        {
          tenantId: stream.tenantId,
          callId: stream.callId,
          streamId: stream.streamId,
          by: admission.kind,
        },
        'stream opened',
      )
      return { kind: 'live', live }
    }
  }
}

function textOrNull(text: string | undefined): string | null {
  return text === undefined || text === '' ? null : text
}
