import type { Bench } from './lib/bench.ts'

export const dial: Bench = {
  about: 'calls from the API to Exotel, beside a floor that does the same I/O and nothing else',
  // Turns of seconds: what only their first and last calls wait for must not be most of one.
  settings: { calls: 6_000, rounds: 5, phones: 3_000 },
  run: async ({ calls = 0, rounds = 0, phones = 0 }) => {
    // Only who asks for it waits for the half of the system that it loads.
    const { runDial } = await import('./dial/run.ts')
    return runDial({ calls, rounds, phones })
  },
}
