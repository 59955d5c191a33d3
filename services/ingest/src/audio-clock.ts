import type { AudioStreams } from '@callwire/bus'

const PAGE = 1_000
/** More than the longest stream has: a bound, not an expectation. */
const MAX_PAGES = 64
/** What AES-GCM adds to the audio it seals. */
const TAG_BYTES = 16

/**
 * How far the audio in a call's Redis Stream goes on the call's clock, 0 when there is none. The
 * row of a socket whose process died is up to a heartbeat behind what it had handed over.
 *
 * @throws BusError
 */
export async function audioClockOf(
  audio: Pick<AudioStreams, 'read'>,
  callId: string,
  sampleRate: number,
): Promise<number> {
  let clockMs = 0
  let after = '0'
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const entries = await audio.read(callId, after, { blockMs: 0, count: PAGE })
    for (const { id, entry } of entries) {
      after = id
      const endMs =
        entry.kind === 'audio'
          ? entry.startMs + Math.floor(((entry.sealed.length - TAG_BYTES) * 500) / sampleRate)
          : entry.kind === 'gap'
            ? entry.toMs
            : entry.atMs
      clockMs = Math.max(clockMs, endMs)
    }
    if (entries.length < PAGE) break
  }
  return clockMs
}
