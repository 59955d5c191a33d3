/** Words before a number that say what it is; in English, Hindi and romanised Hindi. */
const cues = {
  card: /card|debit|credit|visa|rupay|कार्ड|डेबिट|क्रेडिट/i,
  aadhaar: /aa?dh?aa?r|आधार|uidai/i,
  vid: /(?<!\p{L})vid(?!\p{L})|virtual id|वीआईडी|वर्चुअल/iu,
} as const

/** About six words: a cue further away belongs to another number. */
const REACH = 40

/** Whether such a word stands shortly before a place. A name inside brackets is a mask, no cue. */
export function hasCue(kind: keyof typeof cues, normal: string, start: number): boolean {
  const before = normal.slice(Math.max(0, start - REACH), start).replace(/\[\w+\]?/g, ' ')
  return cues[kind].test(before)
}
