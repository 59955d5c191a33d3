import { z } from 'zod'
import { pageQuery } from '../envelope.ts'
import { idSchemas } from '../ids.ts'

/** Ingest writes every three seconds: a row that missed three in a row says nothing of now. */
export const STREAM_STALE_AFTER_MS = 10_000

const count = z.int().min(0)

/** A live media socket, as its last heartbeat left it. */
export const streamSchema = z.strictObject({
  id: idSchemas.stream,
  callId: idSchemas.call,
  phoneId: idSchemas.phone,
  number: z.string().meta({ description: 'Our number, that of the phone' }),
  direction: z.enum(['outbound', 'inbound']),
  sampleRate: count,
  openedAt: z.iso.datetime(),
  startedAt: z.iso.datetime().nullable().meta({ description: 'When its first audio came' }),
  heartbeatAt: z.iso.datetime(),
  ageMs: count.meta({ description: 'Since it was opened' }),
  heartbeatAgeMs: count.meta({ description: 'Since ingest wrote this' }),
  stale: z.boolean().meta({
    description: `Nothing was written for ${String(STREAM_STALE_AFTER_MS)} ms: its process, or the database, is in trouble`,
  }),
  frames: count.meta({ description: 'Media messages accepted' }),
  framesPerSecond: count,
  audioMs: count,
  duplicated: count,
  rewound: count,
  gapsMs: count.meta({ description: 'Audio that Exotel numbered and never sent' }),
  bufferedMs: count.meta({ description: 'Audio that ingest holds because Redis has not taken it' }),
  lagMs: count.nullable().meta({
    description:
      "The call's clock minus the audio that is done with: what a transcriber would hear again if it began anew; null before the first audio",
  }),
})
export type Stream = z.infer<typeof streamSchema>

export const listStreamsQuery = z.strictObject({
  ...pageQuery,
  phoneId: idSchemas.phone.optional(),
  callId: idSchemas.call.optional(),
})
