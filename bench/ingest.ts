import type { Bench } from './lib/bench.ts'

export const ingest: Bench = {
  about: 'live audio taken, sealed and handed on, beside a floor that parses, seals and appends',
  settings: { streams: 1_600, seconds: 6, rounds: 3 },
  run: async ({ streams = 0, seconds = 0, rounds = 0 }) => {
    // Only who asks for it waits for the half of the system that it loads.
    const { runIngest } = await import('./ingest/run.ts')
    return runIngest({ most: streams, seconds, rounds })
  },
}
