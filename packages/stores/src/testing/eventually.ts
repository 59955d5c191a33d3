/** Long enough for a busy machine; a test that waits this long has failed. */
const defaultBoundMs = 20_000
const lookEveryMs = 20

/** Calls `look` until it gives something other than undefined, null or false, and gives that. Rejects at the bound. */
export async function eventually<T>(
  look: () => T | Promise<T>,
  o: { boundMs?: number; what?: string } = {},
): Promise<NonNullable<T>> {
  const until = performance.now() + (o.boundMs ?? defaultBoundMs)
  for (;;) {
    const seen = await look()
    if (seen !== undefined && seen !== null && seen !== false) return seen
    if (performance.now() > until) throw new Error(`never seen: ${o.what ?? 'what was waited for'}`)
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs))
  }
}
