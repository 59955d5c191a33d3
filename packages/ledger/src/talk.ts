import type { EventData } from '@callwire/contracts'

type Turn = { speaker?: string | undefined; startMs: number; endMs: number }

/** Who talked for how long, for how long nobody did, and for how long more than one did. A pure function. */
export function talkOf(turns: readonly Turn[], clockMs: number): EventData<'call.talk'> {
  const bySpeaker = new Map<string, Turn[]>()
  for (const turn of turns) {
    const speaker = turn.speaker ?? 'unknown'
    bySpeaker.set(speaker, [...(bySpeaker.get(speaker) ?? []), turn])
  }
  const speakers = [...bySpeaker].map(([speaker, own]) => ({ speaker, talkMs: coveredMs(own) }))
  const talked = coveredMs(turns)
  const summed = speakers.reduce((sum, { talkMs }) => sum + talkMs, 0)
  return {
    speakers,
    silenceMs: Math.max(0, clockMs - talked),
    overlapMs: Math.max(0, summed - talked),
  }
}

/** Length of the union of the turns. */
function coveredMs(turns: readonly Turn[]): number {
  let covered = 0
  let until = 0
  for (const turn of [...turns].sort((a, b) => a.startMs - b.startMs)) {
    covered += Math.max(0, turn.endMs - Math.max(until, turn.startMs))
    until = Math.max(until, turn.endMs)
  }
  return covered
}
