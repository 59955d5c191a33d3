import { z } from 'zod'

const LANGUAGE_TAG = /^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/
/** Longest word a caption can carry in one sensible stretch of audio. */
const MAX_WORD_BYTES = 96

const wordsFit = (text: string): boolean =>
  text.split(/\s+/).every((word) => Buffer.byteLength(word) <= MAX_WORD_BYTES)

/** A scripted conversation: who speaks, what, in which language. Words are parted by white space. */
export const ScriptSchema = z
  .strictObject({
    name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/),
    title: z.string().max(200).default(''),
    speakers: z
      .array(
        z.strictObject({
          name: z.string().min(1).max(40),
          /** Middle of the voice's pitch, in Hz. */
          pitchHz: z.number().min(60).max(400),
        }),
      )
      .min(1)
      .max(8),
    turns: z
      .array(
        z.strictObject({
          speaker: z.int().min(0).max(7),
          language: z.string().regex(LANGUAGE_TAG).max(35),
          text: z
            .string()
            .trim()
            .min(1)
            .max(2000)
            .refine(wordsFit, `a word may have at most ${MAX_WORD_BYTES} bytes`),
          /** Silence before this turn. */
          pauseMs: z.int().min(0).max(60_000).optional(),
        }),
      )
      .min(1)
      .max(2000),
  })
  .refine((script) => script.turns.every((turn) => turn.speaker < script.speakers.length), {
    message: 'a turn names a speaker that the script does not have',
  })

export type Script = z.output<typeof ScriptSchema>
