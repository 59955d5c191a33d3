/** A store that every project of the run uses, started by the first that asks and stopped by the last that leaves. */
export type Shared<T> = { readonly use: () => Promise<T>; readonly leave: () => Promise<void> }

type Slot<T> = { users: number; store: Promise<T> | null }

/** vitest loads set-up files once per project: what they share is kept where all of them find it. */
const slots = ((
  globalThis as { callwireTestStores?: Map<string, Slot<unknown>> }
).callwireTestStores ??= new Map())

export function shared<T>(
  name: string,
  start: () => Promise<T>,
  stop: (store: T) => Promise<void>,
): Shared<T> {
  const slot = (slots.get(name) ?? { users: 0, store: null }) as Slot<T>
  slots.set(name, slot)
  return {
    async use() {
      slot.users += 1
      slot.store ??= start()
      return slot.store
    },
    async leave() {
      slot.users -= 1
      if (slot.users > 0 || slot.store === null) return
      const { store } = slot
      slot.store = null
      await stop(await store)
    },
  }
}
