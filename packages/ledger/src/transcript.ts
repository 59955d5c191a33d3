import type { CallEvent, Utterance } from '@callwire/contracts'

/** A call's utterances in order of time, each in its last revision; erased ones are left out. */
export function transcriptOf(events: readonly CallEvent[]): Utterance[] {
  const latest = new Map<string, Utterance>()
  for (const event of events) {
    if (event.type !== 'transcript.final' || event.data === null) continue
    const known = latest.get(event.data.utteranceId)
    if (known === undefined || event.data.rev > known.rev) {
      latest.set(event.data.utteranceId, event.data)
    }
  }
  return [...latest.values()].sort((a, b) => a.startMs - b.startMs || a.endMs - b.endMs)
}
