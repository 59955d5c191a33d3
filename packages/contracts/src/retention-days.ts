import { z } from 'zod'

/** What nobody has read within a week nobody will: a call's words are wanted while it goes on. */
const MOST_AUDIO_DAYS = 7
/** Ten years: longer than what laws ask for, and still a number that was meant. */
const MOST_DAYS = 3_650

/** A store does without a day, but a sweeper that runs every hour cannot promise less than one. */
const life = z.int().min(1).max(MOST_DAYS).nullable()

/**
 * How long things are kept, in days of 24 hours. The lives of recordings, words and numbers begin at
 * the end of their call; null: until somebody erases them.
 */
export const retentionDaysSchema = z.strictObject({
  audio: z.int().min(0).max(MOST_AUDIO_DAYS).meta({
    description: 'Live audio that was not read yet, after its last block; 0: an hour',
  }),
  recordings: life.meta({ description: 'Our own sealed copies of calls; null: kept' }),
  words: life.meta({ description: 'Transcripts and digits, masked and original; null: kept' }),
  numbers: life.meta({ description: "The other person's number and the metadata; null: kept" }),
})
export type RetentionDays = z.infer<typeof retentionDaysSchema>
