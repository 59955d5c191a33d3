import { describeRing } from '@callwire/crypto'
import type { KeyJob, SealedPlace } from '@callwire/db'
import type { OpeningRings, Place } from '../places/place.ts'
import { decidePause } from './decide-pause.ts'
import type { KeyJobsDeps } from './key-jobs-deps.ts'
import { createProgress, type Progress } from './progress.ts'
import { watchLoop } from './watch-loop.ts'
import type { BatchResult } from './work-batch.ts'

/** Small enough that a pause, a stop or a kill costs little; large enough that a row costs no trip. */
const BATCH_ROWS = 100

export type Cursor = { place: SealedPlace | null; afterTenant: string; afterId: string }

/** Before the first row of a place; of the first place with null. */
export function startOf(place: SealedPlace | null): Cursor {
  return { place, afterTenant: '', afterId: '' }
}
export const nowhere = startOf(null)

/** `stopped`: paused, taken over by another, or the process ends. Somebody goes on later. */
export type RoundEnd = 'swept' | 'stopped'

type Rows = { tenantId: string; id: string }[]

/** One process's turn at a job: batches, their progress written down, and rests between them. */
export type JobRound = Disposable & {
  readonly progress: Progress
  /** Works on the rows of a place from the cursor on, those under `kid` or with null all. */
  sweep(
    place: Place,
    o: { kid: string | null; from: Cursor; work: (rows: Rows) => Promise<BatchResult | null> },
  ): Promise<RoundEnd>
  /** Writes how far it is, and says whether to go on. */
  advance(cursor: Cursor): Promise<boolean>
  /** Sleeps; false when the process is to end. */
  rest(ms: number): Promise<boolean>
}

export function beginRound(d: KeyJobsDeps, job: KeyJob): JobRound {
  const { keys } = d.database
  const progress = createProgress(job, d)
  const loop = watchLoop()

  const advance = async (cursor: Cursor) => {
    const { place, afterTenant, afterId } = cursor
    const step = { ...progress.step(), place, afterTenant, afterId }
    return (await keys.advanceJob(job.id, d.owner, step)) === 'running'
  }
  const rest = async (ms: number) => {
    try {
      await d.clock.sleep(ms, d.stopping)
    } catch {
      // Only an abort ends a sleep early.
    }
    return !d.stopping.aborted
  }

  return {
    progress,
    advance,
    rest,
    sweep: async (place, { kid, from, work }) => {
      let { afterTenant, afterId } = from
      for (;;) {
        const before = d.clock.monotonicMs()
        const at = { place: place.place, kid, afterTenant, afterId, limit: BATCH_ROWS }
        const rows = await keys.sealedRows(at)
        const last = rows.at(-1)
        if (last === undefined) return 'swept'
        const result = await work(rows)
        if (result === null) return 'stopped'
        progress.add({
          rows: rows.length,
          failed: result.failed.map((row) => ({ place: place.place, ...row })),
        })
        progress.mark('work')
        ;({ tenantId: afterTenant, id: afterId } = last)
        if (!(await advance({ place: place.place, afterTenant, afterId }))) return 'stopped'
        const batchMs = d.clock.monotonicMs() - before
        const feel = { loopDelayMs: loop.delayMs(), queryMs: result.queryMs, batchMs }
        if (!(await rest(decidePause(feel)))) return 'stopped'
      }
    },
    [Symbol.dispose]: () => loop[Symbol.dispose](),
  }
}

/** All rings of this process seal with the key. */
export function sealsWith(d: OpeningRings, kid: string): boolean {
  return [d.credentialRing, d.contentRing, d.webhookRing].every(
    (ring) => ring === undefined || describeRing(ring).primary === kid,
  )
}
