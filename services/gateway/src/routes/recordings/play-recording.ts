import { CryptoError, openObject, type DataKey } from '@callwire/crypto'
import { sealContexts } from '@callwire/keyring'
import {
  fromWav,
  persistently,
  RecordingStoreError,
  soundOf,
  stretches,
  wavHeader,
  type Placed,
  type Playback,
  type RecordingStore,
} from '@callwire/recordings'
import type { Clock, Logger, Random } from '@callwire/runtime'
import { ApiError } from '../../http/api-error.ts'
import type { PartRow } from './find-recording.ts'
import type { ByteRange } from './parse-range.ts'

export type PlayDeps = {
  store: RecordingStore
  /** Whether the recording was erased meanwhile. */
  isErased: () => Promise<boolean>
  clock: Pick<Clock, 'sleep'>
  random: Random
  log: Logger
}

export type Playing = {
  tenantId: string
  callId: string
  recordingId: string
  dataKey: DataKey
  playback: Playback<PartRow>
}

/** What a slow listener makes us hold beside a part: little. */
const SILENCE_BYTES = 64 * 1_024
const RETRY_AFTER_S = 5

/**
 * The bytes of a range of a recording, one part in memory at a time, each opened when it is its turn.
 * Throws ApiError: `recording_integrity` for what does not open, which is never played; `unavailable`
 * for a store that is away; `recording_erased` when it is erased meanwhile.
 */
export async function* playRecording(
  deps: PlayDeps,
  playing: Playing,
  range: ByteRange,
): AsyncGenerator<Buffer> {
  const { sampleRate, dataBytes } = playing.playback
  for (const stretch of stretches(playing.playback, range.from, range.to)) {
    if (stretch.kind === 'header') {
      yield wavHeader({ sampleRate, dataBytes }).subarray(stretch.from, stretch.to)
    } else if (stretch.kind === 'silence') {
      yield* silence(stretch.bytes)
    } else {
      const pcm = await openPart(deps, playing, stretch.placed)
      yield soundOf(stretch.placed, pcm, sampleRate).subarray(stretch.from, stretch.to)
    }
  }
}

/** One part's samples as they were recorded. */
async function openPart(
  { store, isErased, clock, random, log }: PlayDeps,
  { tenantId, callId, recordingId, dataKey }: Playing,
  { part }: Placed<PartRow>,
): Promise<Buffer> {
  // Whoever erases it wants it heard no further, whatever is in the store still.
  if (await isErased()) throw erased()
  try {
    const sealed = await persistently(() => store.get(part.objectKey), { clock, random })
    const wav = fromWav(
      openObject(dataKey, sealContexts.recordingPart(tenantId, recordingId, part), sealed),
    )
    if (wav?.sampleRate === part.sampleRate) return wav.pcm
  } catch (error) {
    if (error instanceof RecordingStoreError && error.code !== 'recording_object_missing') {
      log.warn({ callId, recordingId, code: error.code }, 'recording not reached')
      throw new ApiError('unavailable', 'The store of recordings cannot be reached right now.', {
        retryAfterS: RETRY_AFTER_S,
      })
    }
    if (!(error instanceof RecordingStoreError) && !(error instanceof CryptoError)) throw error
  }
  // Erased since we looked: its objects go after its key.
  if (await isErased()) throw erased()
  const { fromMs } = part
  const alert = { alert: 'recording_integrity', severity: 'page' }
  log.error({ ...alert, callId, recordingId, fromMs }, 'alert raised')
  throw damaged()
}

export function damaged(): ApiError {
  return new ApiError('recording_integrity', 'Kept audio of this call could not be opened.')
}

export function erased(): ApiError {
  return new ApiError('recording_erased', 'The audio of this call has been erased.')
}

function* silence(bytes: number): Generator<Buffer> {
  for (let left = bytes; left > 0; left -= SILENCE_BYTES) {
    yield Buffer.alloc(Math.min(left, SILENCE_BYTES))
  }
}
