import type { DialerDeps } from '../deps.ts'

/** Shows how many calls wait for a person to say what became of them. */
export async function countParked(d: Pick<DialerDeps, 'database' | 'metrics'>): Promise<void> {
  d.metrics.parked(await d.database.finder.parkedCalls())
}
