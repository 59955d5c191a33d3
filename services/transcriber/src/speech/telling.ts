import type { CallClock } from './call-clock.ts'
import { createHoles } from './holes.ts'
import type { ProviderEvent, SpeechProvider, TimedWord } from './provider.ts'
import { createSaid, type Said } from './said.ts'
import type { Lost, SpeechEvent } from './speech-event.ts'
import { joined, type Spoken } from './unsaid.ts'

/** Turns what providers say into what is told of a call: once each, on the call's clock. */
export type Telling = {
  /** Another connection listens from now on, and hears again what was not final. */
  begin(provider: SpeechProvider): void
  hear(event: Exclude<ProviderEvent, { type: 'error' }>, time: CallClock): void
  /** The call has no sound here. */
  hole(hole: { startMs: number; endMs: number; reason: string }): void
  /** Audio went on up to here. */
  heardTo(ms: number): void
  /** No more will be said. Nobody could be asked for what came after the last final: `giveUp` says why. */
  end(giveUp: { toMs: number; reason: string } | null): void
  /** End of the last final, or where everything was accounted for before. */
  finalToMs(): number
  /** From here on, words may still be said: what another connection has to hear again. */
  neededFromMs(): number
}

/**
 * Sound that the media service itself never had: shorter than this, it takes no word away from a
 * provider that does not say so itself.
 */
const SHORTEST_MISSING_MS = 100

export function createTelling(o: {
  push: (event: SpeechEvent) => void
  /** What was said for good before, when audio may be heard again. */
  said?: Said
  doneToMs: number
}): Telling {
  const said = o.said ?? createSaid()
  const isResumed = o.said !== undefined
  const holes = createHoles()
  /** Segments under way, and when each began. */
  const open = new Map<string, number>()
  let provider: SpeechProvider | null = null
  let connection = 0
  let finalToMs = o.doneToMs

  const mayBeRepeated = () => connection > 1 || isResumed

  const tellLost = (lost: Lost) => {
    if (mayBeRepeated() && said.hasGap(lost)) return
    said.gap(lost)
    o.push(lost)
  }

  const hearWords = (
    event: Extract<ProviderEvent, { type: 'interim' | 'final' }>,
    time: CallClock,
  ) => {
    const { words, ...spoken } = event
    const { speaker } = event
    const whole = { ...onCall(event, time), text: event.text }
    const timed = words?.map((word) => ({ text: word.text, ...onCall(word, time) }))
    const unsaid = mayBeRepeated() ? said.unsaid({ ...whole, speaker, words: timed }) : whole
    // What was shown is said to its end: others wait for it.
    const isShown = event.type === 'final' && open.has(event.segment)
    const fresh = unsaid ?? (isShown ? lastOf(whole, timed) : null)
    if (fresh === null) return
    holes.due(fresh.endMs, 0).forEach(tellLost)
    if (event.type === 'interim') open.set(event.segment, fresh.startMs)
    if (event.type === 'final') {
      open.delete(event.segment)
      said.final({ ...fresh, speaker })
      finalToMs = Math.max(finalToMs, fresh.endMs)
    }
    o.push({ ...spoken, ...fresh, provider: provider?.id ?? '', connection })
  }

  return {
    begin(next) {
      provider = next
      connection += 1
      open.clear()
    },
    hear(event, time) {
      if (event.type !== 'lost') {
        hearWords(event, time)
        return
      }
      const startMs = time.toCallMs(event.startMs, 'before')
      const endMs = time.toCallMs(event.endMs, 'after')
      const lost = holes.absorb({ type: 'lost', startMs, endMs, reason: event.reason })
      if (lost !== null) tellLost(lost)
    },
    hole(hole) {
      const isMissing = hole.reason === 'audio_missing'
      const reportsLoss = provider?.capabilities.reportsLoss ?? false
      const isShort = hole.endMs - hole.startMs < SHORTEST_MISSING_MS
      if (isMissing && (reportsLoss || isShort)) return
      holes.add(hole)
    },
    heardTo(ms) {
      holes.due(0, ms).forEach(tellLost)
    },
    end(giveUp) {
      for (const hole of holes.rest()) {
        // What nobody was asked for is one gap, with whatever had no sound in it.
        if (giveUp === null || hole.startMs < finalToMs) tellLost(hole)
      }
      if (giveUp === null || giveUp.toMs <= finalToMs) return
      o.push({ type: 'lost', startMs: finalToMs, endMs: giveUp.toMs, reason: giveUp.reason })
    },
    finalToMs: () => finalToMs,
    neededFromMs: () => Math.min(finalToMs, ...open.values()),
  }
}

/** Where something was spoken, on the call's clock. */
function onCall(at: { startMs: number; endMs: number }, time: CallClock) {
  return { startMs: time.toCallMs(at.startMs, 'after'), endMs: time.toCallMs(at.endMs, 'before') }
}

/** The least that can stand for a segment: its last word, where words have times. */
function lastOf(whole: Spoken, words: readonly TimedWord[] = []): Spoken {
  return words.length === 0 ? whole : joined(words.slice(-1))
}
