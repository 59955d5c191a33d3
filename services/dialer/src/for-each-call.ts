import { errorFields, type Logger } from '@callwire/runtime'

/** Side by side within one sweep: enough to keep up, few enough to leave connections for dialing. */
const atOnce = 4

/** Runs `work` for every item, a few at once; one that fails is logged and keeps none from its turn. */
export async function forEachCall<T extends { callId: string }>(
  items: readonly T[],
  log: Logger,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items.values()
  const lane = async () => {
    for (const item of rest) {
      try {
        await work(item)
      } catch (error) {
        log.warn({ callId: item.callId, ...errorFields(error) }, 'sweep of a call failed')
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, lane))
}
