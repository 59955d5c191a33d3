/** The sound a syllable is built around; formants in Hz are in `vowels.ts`. */
export type Vowel = 'a' | 'e' | 'i' | 'o' | 'u'

const LATIN: Record<string, Vowel> = { a: 'a', e: 'e', i: 'i', o: 'o', u: 'u', y: 'i' }

/** Devanagari vowel letters and vowel signs by sound. */
const DEVANAGARI: Record<string, Vowel> = {
  ...{ अ: 'a', आ: 'a', 'ा': 'a', इ: 'i', ई: 'i', 'ि': 'i', 'ी': 'i', ऋ: 'i', 'ृ': 'i' },
  ...{ उ: 'u', ऊ: 'u', 'ु': 'u', 'ू': 'u', ए: 'e', ऐ: 'e', 'े': 'e', 'ै': 'e' },
  ...{ ओ: 'o', औ: 'o', 'ो': 'o', 'ौ': 'o', ऑ: 'o', 'ॉ': 'o' },
}

const VIRAMA = '्'
/** One spoken syllable per digit, in the order 0–9, by its English name's vowel. */
const DIGITS: readonly Vowel[] = ['i', 'u', 'u', 'i', 'o', 'a', 'i', 'e', 'e', 'a']

const isConsonant = (char: string): boolean => char >= 'क' && char <= 'ह'

function devanagari(chars: readonly string[]): Vowel[] {
  const vowels: Vowel[] = []
  chars.forEach((char, index) => {
    const vowel = DEVANAGARI[char]
    const next = chars[index + 1]
    const isLast = index === chars.length - 1
    if (vowel !== undefined) vowels.push(vowel)
    else if (isConsonant(char) && next !== VIRAMA && !(next !== undefined && next in DEVANAGARI)) {
      // A bare consonant carries a short "a", except at the word's end, where Hindi drops it.
      if (!isLast || vowels.length === 0) vowels.push('a')
    }
  })
  return vowels
}

function latin(chars: readonly string[]): Vowel[] {
  const vowels: Vowel[] = []
  let inVowel = false
  for (const char of chars) {
    const vowel = LATIN[char]
    if (vowel !== undefined && !inVowel) vowels.push(vowel)
    inVowel = vowel !== undefined
  }
  return vowels
}

/** The syllables of one written word, at least one. Decimal digits count one each, in any script. */
export function syllablesOf(word: string): Vowel[] {
  const chars = Array.from(word.toLowerCase().normalize('NFC'))
  const digits = chars.filter((char) => /\p{Nd}/u.test(char))
  if (digits.length > 0) return digits.map((char) => DIGITS[digitValue(char)] ?? 'a')
  const vowels = /\p{Script=Devanagari}/u.test(word) ? devanagari(chars) : latin(chars)
  return vowels.length > 0 ? vowels : ['a']
}

/** The value of a decimal digit: their ten code points are consecutive and start at a multiple of ten plus six or zero. */
function digitValue(char: string): number {
  const code = char.codePointAt(0) ?? 0
  return code >= 0x966 && code <= 0x96f ? code - 0x966 : (code - 0x30) % 10
}
