import { z } from 'zod'

/** Why somebody listens: it stands in the audit. */
export const purposeSchema = z.string().trim().min(3).max(200)

export const recordingQuery = z.strictObject({ purpose: purposeSchema })

/**
 * Our own copy of a call's audio: still being made, whole, or erased. `durationMs` is how far the call's
 * clock is recorded; `gaps` is where it is silent because there is no audio.
 */
export const callRecordingSchema = z.strictObject({
  state: z.enum(['recording', 'kept', 'erased']),
  durationMs: z.int().min(0),
  gaps: z.array(z.strictObject({ fromMs: z.int().min(0), toMs: z.int().min(0) })),
})
export type CallRecording = z.infer<typeof callRecordingSchema>
