/** Remembers the last so many values by name; the one remembered first goes first. */
export type Recent<Value> = {
  get(name: string): Value | undefined
  remember(name: string, value: Value): void
}

export function recent<Value>(most: number): Recent<Value> {
  const values = new Map<string, Value>()
  return {
    get: (name) => values.get(name),
    remember(name, value) {
      values.set(name, value)
      if (values.size <= most) return
      for (const oldest of values.keys()) {
        values.delete(oldest)
        return
      }
    },
  }
}
