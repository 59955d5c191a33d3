import { RecordingStoreError, type RecordingStore } from '@callwire/recordings'
import { errorFields, every, type Clock, type Logger } from '@callwire/runtime'

/** `not_set`: there is none; `unknown`: not asked yet; otherwise `ok`, or the code of what is wrong. */
export type StoreState = string

/** What its code asks for stands where the log line says. */
const OF_NO_USE =
  'the store of recordings is of no use now: see its code in docs/runbooks/recordings.md'

/** Nothing waits for it: recordings find out by themselves, this is for people to see. */
const LOOK_MS = 30_000

/**
 * Asks the store of recordings at the start, and again every half minute, whether it answers and lets
 * us in; the log says when that changes, and what to look at.
 */
export function watchStore(
  store: Pick<RecordingStore, 'ping'> | null,
  o: { clock: Clock; signal: AbortSignal; log: Logger },
): AsyncDisposable & { state(): StoreState } {
  let state: StoreState = store === null ? 'not_set' : 'unknown'
  const look = async () => {
    if (store === null) return
    const before = state
    try {
      await store.ping()
      state = 'ok'
      if (before !== 'ok') o.log.info('the store of recordings answers')
    } catch (error) {
      state = error instanceof RecordingStoreError ? error.code : 'recording_store_unreachable'
      if (before !== state) o.log.warn(errorFields(error), OF_NO_USE)
    }
  }
  const looking = every(LOOK_MS, look, { ...o, name: 'look at the store of recordings' })
  return {
    state: () => state,
    [Symbol.asyncDispose]: () => looking[Symbol.asyncDispose](),
  }
}
