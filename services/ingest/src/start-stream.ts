import type { MediaStart } from '@callwire/exotel'
import { AppError, errorFields } from '@callwire/runtime'
import type { Admission } from './admission.ts'
import { audioClockOf } from './audio-clock.ts'
import { bindCall } from './bind-call.ts'
import { closes, type Close } from './closes.ts'
import { createLiveStream, type LiveStream, type LiveStreamDeps } from './live-stream.ts'
import { openInbound } from './open-inbound.ts'
import {
  markStream,
  openStream,
  type OpenDeps,
  type OpenStream,
  type StreamMark,
} from './open-stream.ts'
import { laterClock, type PriorClock } from './prior-clock.ts'
import type { Registry, Session } from './registry.ts'
import type { StreamCapAlert } from './stream-cap.ts'

export type SessionDeps = LiveStreamDeps &
  OpenDeps & {
    registry: Registry
    alertStreamCap: StreamCapAlert
    /** Told of every accepted media message. */
    onFrame: () => void
  }

export type StartOutcome =
  /** `isReplaced`: another socket has the call, so that this one ends with what it holds. */
  { kind: 'live'; live: LiveStream; isReplaced: boolean } | { kind: 'refused'; close: Close }

/**
 * A store that restarts is back by then, and so is the call that another socket made meanwhile; the
 * socket's audio is kept.
 */
const TRIES = 4
const TRY_AGAIN_MS = 700

/**
 * From `start` to a live stream: finds the call, opens the stream, takes the call from the socket
 * that had it.
 *
 * @throws DbError, LedgerError, AppError `call_not_found` when others say there is such a call
 */
export async function startStream(
  deps: SessionDeps,
  o: { session: Session; admission: Admission; start: MediaStart },
): Promise<StartOutcome> {
  const mark = markStream(deps)
  for (let tries = 1; ; tries += 1) {
    try {
      const outcome = await tryStart(deps, {
        ...o,
        mark: { ...mark, mayBeOpen: tries > 1 },
      })
      if (outcome !== 'raced') return outcome
      if (tries >= TRIES) throw notFound()
    } catch (error) {
      if (!(error instanceof AppError) || !error.retryable || tries >= TRIES) throw error
    }
    await deps.clock.sleep(TRY_AGAIN_MS)
    // Its audio is somebody's words; without any, nobody waits for the outcome.
    if (o.session.isOver() && !o.session.holdsAudio()) {
      return { kind: 'refused', close: closes.unknownCall }
    }
  }
}

function notFound(): AppError {
  return new AppError({
    code: 'call_not_found',
    message: 'A call that another socket made cannot be found.',
  })
}

async function tryStart(
  deps: SessionDeps,
  o: { session: Session; admission: Admission; start: MediaStart; mark: StreamMark },
): Promise<StartOutcome | 'raced'> {
  const { admission } = o
  const start = {
    callSid: textOrNull(o.start.callSid),
    streamSid: textOrNull(o.start.streamSid),
    from: textOrNull(o.start.from),
    sampleRate: o.start.sampleRate,
    customParameters: o.start.customParameters,
  }
  const binding = await bindCall(deps, { admission, start })
  if (binding.kind === 'refuse') {
    const close = binding.reason === 'identity' ? closes.identity : closes.unknownCall
    return { kind: 'refused', close }
  }
  // Looking for the call may have taken longer than its socket stayed.
  const mark = { ...o.mark, isOver: o.session.isOver() }
  const tokenId = admission.kind === 'address' ? null : admission.tokenId
  const opened =
    binding.kind === 'bind'
      ? await openStream(deps, { ...binding.call, tokenId, start, mark })
      : await openInbound(deps, { ...binding, tokenId, start, mark })
  switch (opened.kind) {
    case 'raced':
      return 'raced'
    case 'token_used':
      return { kind: 'refused', close: closes.tokenUsed }
    case 'over_cap':
      deps.alertStreamCap(binding.kind === 'bind' ? binding.call.tenantId : binding.tenantId)
      return { kind: 'refused', close: closes.streamCap }
    case 'gone':
      return { kind: 'refused', close: closes.unknownCall }
    case 'opened': {
      const { stream } = opened
      const { isReplaced, known } = await deps.registry.takeOver(stream.callId, o.session, stream)
      const prior = laterClock(stream.prior, known ?? (await leftBehind(deps, stream)))
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
      return { kind: 'live', live, isReplaced }
    }
  }
}

/** What a socket that is not this process's handed over before it went, as far as Redis knows. */
async function leftBehind(deps: SessionDeps, stream: OpenStream): Promise<PriorClock> {
  const nothing = { firstAudioAtMs: null, clockMs: 0 }
  if (stream.prior.firstAudioAtMs === null) return nothing
  try {
    return { ...nothing, clockMs: await audioClockOf(deps.audio, stream.callId, stream.sampleRate) }
  } catch (error) {
    deps.log.warn({ callId: stream.callId, ...errorFields(error) }, 'earlier audio not looked at')
    return nothing
  }
}

function textOrNull(text: string | undefined): string | null {
  return text === undefined || text === '' ? null : text
}
