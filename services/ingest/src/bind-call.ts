import type { Database } from '@callwire/db'
import type { Clock } from '@callwire/runtime'
import type { Admission } from './admission.ts'
import { decideBinding, type Binding } from './decide-binding.ts'
import { findCalls, type StartNames } from './find-call.ts'

/** Exotel may open the socket before it has answered the request that placed the call. */
const WAIT_MS = 5_000
const LOOK_EVERY_MS = 150

/**
 * Finds the call of a `start`, waiting for one that is just being placed to get its name.
 *
 * @throws DbError
 */
export async function bindCall(
  { database, clock }: { database: Database; clock: Clock },
  o: { admission: Admission; start: StartNames },
): Promise<Exclude<Binding, { kind: 'wait' }>> {
  const untilMs = clock.monotonicMs() + WAIT_MS
  for (;;) {
    const facts = await findCalls(database, o.admission, o.start)
    const binding = decideBinding({ ...facts, mayWait: clock.monotonicMs() < untilMs })
    if (binding.kind !== 'wait') return binding
    await clock.sleep(LOOK_EVERY_MS)
  }
}
