/** The same object, each of whose calls may be made to fail: before it is made, or after. */
export function faulty<T extends object>(
  target: T,
  o: { before?: () => void; after?: () => void },
): T {
  return new Proxy(target, {
    get: (real, name) => {
      const method: unknown = Reflect.get(real, name)
      if (typeof method !== 'function') return method
      return async (...args: unknown[]): Promise<unknown> => {
        o.before?.()
        const value: unknown = await Reflect.apply(method, real, args)
        o.after?.()
        return value
      }
    },
  })
}
