import type { CustomScript } from '../simulator.ts'

const CONSONANTS = 'b d f g k l m n p r s t v'.split(' ')
const VOWELS = 'a e i o u'.split(' ')
const SYLLABLES = CONSONANTS.flatMap((consonant) => VOWELS.map((vowel) => consonant + vowel))

/** Words that are in no dictionary, so that no mask hides one; each number has another. */
function wordOf(n: number): string {
  const count = SYLLABLES.length
  return `${SYLLABLES[Math.floor(n / count) % count] ?? ''}${SYLLABLES[n % count] ?? ''}l`
}

const WORDS_PER_TURN = 6
/** A word and the pause after it, at least; a turn and its share of the pause between turns. */
export const TURN_MS = WORDS_PER_TURN * 380 + 340

/** Two people by turns, for about `seconds`, in which no word comes twice. */
export function makeScript(name: string, seconds: number): CustomScript {
  const turns = Math.max(1, Math.round((seconds * 1000) / TURN_MS))
  return {
    name,
    title: `${seconds} seconds of words`,
    speakers: [
      { name: 'agent', pitchHz: 205 },
      { name: 'customer', pitchHz: 122 },
    ],
    turns: Array.from({ length: turns }, (_, turn) => ({
      speaker: turn % 2,
      language: 'en-IN',
      text: Array.from({ length: WORDS_PER_TURN }, (_word, n) =>
        wordOf(turn * WORDS_PER_TURN + n),
      ).join(' '),
    })),
  }
}
