import { type Script } from '../scripts/script.ts'
import { type Plan, type PlannedUtterance, type PlannedWord } from './plan.ts'
import { type Vowel } from './syllables.ts'

export const SAMPLE_RATE = 8000
const SAMPLES_PER_MS = SAMPLE_RATE / 1000

/** First three formants of each vowel for a middling voice, in Hz. */
const FORMANTS: Record<Vowel, readonly [number, number, number]> = {
  a: [730, 1220, 2500],
  e: [480, 1900, 2550],
  i: [300, 2200, 2900],
  o: [520, 920, 2450],
  u: [330, 850, 2300],
}
const BANDWIDTHS = [80, 110, 160] as const
const GAINS = [1, 0.55, 0.25] as const
/** Peak of the voice: loud enough to hear on a telephone, far from clipping. */
const PEAK = 7500
const NOISE_FLOOR = 6

/** A small seeded generator (xorshift): the same script sounds the same everywhere. Returns −1…1. */
export function seededNoise(seed: number): () => number {
  let state = seed | 0 || 0x9e3779b9
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state / 0x80000000
  }
}

/** A two-pole resonator at `frequency` Hz; its state survives a change of frequency. */
function resonator(bandwidth: number): (input: number, frequency: number) => number {
  const radius = Math.exp((-Math.PI * bandwidth) / SAMPLE_RATE)
  let y1 = 0
  let y2 = 0
  return (input, frequency) => {
    const cosine = Math.cos((2 * Math.PI * frequency) / SAMPLE_RATE)
    const y = (1 - radius) * input + 2 * radius * cosine * y1 - radius * radius * y2
    y2 = y1
    y1 = y
    return y
  }
}

/** Loudness within a syllable: a soft rise, a plateau, a longer fall. `t` runs from 0 to 1. */
function envelope(t: number): number {
  if (t < 0.18) return Math.sin((Math.PI / 2) * (t / 0.18))
  return t < 0.6 ? 1 : Math.cos((Math.PI / 2) * ((t - 0.6) / 0.4))
}

type Voice = { pitchHz: number; noise: () => number; phase: number }

function speakWord(
  out: Float64Array,
  word: PlannedWord,
  said: PlannedUtterance,
  voice: Voice,
): void {
  const filters = BANDWIDTHS.map(resonator)
  const start = word.startMs * SAMPLES_PER_MS
  const length = (word.endMs - word.startMs) * SAMPLES_PER_MS
  const perSyllable = length / word.syllables.length
  const saidMs = Math.max(1, said.endMs - said.startMs)
  for (let i = 0; i < length; i += 1) {
    const syllable = Math.min(word.syllables.length - 1, Math.floor(i / perSyllable))
    const t = (i - syllable * perSyllable) / perSyllable
    const progress = (word.startMs - said.startMs + i / SAMPLES_PER_MS) / saidMs
    // Pitch falls over the utterance and bends a little within each syllable, as in speech.
    const pitch = voice.pitchHz * (1.12 - 0.22 * progress + 0.05 * Math.sin(Math.PI * t))
    voice.phase += pitch / SAMPLE_RATE
    const pulse = voice.phase >= 1
    if (pulse) voice.phase -= 1
    // A breath of noise opens each syllable where its consonant would be.
    const breath = voice.noise() * (t < 0.15 ? 0.35 : 0.03)
    const source = (pulse ? 9 : 0) + breath
    const formants = FORMANTS[word.syllables[syllable] ?? 'a']
    const sound = filters.reduce(
      (sum, filter, n) => sum + (GAINS[n] ?? 0) * filter(source, formants[n] ?? 500),
      0,
    )
    const at = start + i
    out[at] = (out[at] ?? 0) + sound * envelope(t)
  }
}

/** A script as 8 kHz mono samples: speech-like, one pitch per speaker, a soft noise under it. */
export function synthesize(script: Script, plan: Plan): Int16Array {
  const seed = Array.from(script.name).reduce(
    (sum, char) => (sum * 31 + (char.codePointAt(0) ?? 0)) | 0,
    7,
  )
  const noise = seededNoise(seed)
  const sound = new Float64Array(plan.durationMs * SAMPLES_PER_MS)
  for (const said of plan.utterances) {
    const voice = { pitchHz: script.speakers[said.speaker]?.pitchHz ?? 150, noise, phase: 0 }
    for (const word of said.words) speakWord(sound, word, said, voice)
  }
  const loudest = sound.reduce((peak, value) => Math.max(peak, Math.abs(value)), 1e-9)
  return Int16Array.from(sound, (value) =>
    Math.round((value / loudest) * PEAK + noise() * NOISE_FLOOR),
  )
}
