import type { Bench } from './lib/bench.ts'

export const rotation: Bench = {
  about: 'a key introduced, promoted and rotated to beside calls that are being placed',
  settings: { secrets: 100_000 },
  run: async ({ secrets = 0 }) => {
    // Only who asks for it waits for the half of the system that it loads.
    const { runRotation } = await import('./rotation/run.ts')
    return runRotation(secrets)
  },
}
