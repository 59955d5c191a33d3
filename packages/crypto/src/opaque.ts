import { inspect } from 'node:util'

declare const labelBrand: unique symbol

/** A handle to key material: its contents are reachable only through the holder that made it. */
export type Opaque<Label extends string> = {
  readonly [labelBrand]: Label
  /** `[Label]`. */
  toString(): string
}

export type Holder<Label extends string, Contents> = {
  hold(contents: Contents): Opaque<Label>
  reveal(handle: Opaque<Label>): Contents
  /** Puts other contents behind a handle: whoever has it finds them at its next use. */
  replace(handle: Opaque<Label>, contents: Contents): void
  /** Whether a handle is of this kind. */
  holds(handle: object): handle is Opaque<Label>
}

/**
 * Makes a kind of handle that prints as `[Label]` under `String`, `JSON.stringify` and
 * `util.inspect`, so that a key which strays into a log line or an error shows its kind only.
 */
export function opaque<Label extends string, Contents>(label: Label): Holder<Label, Contents> {
  const contentsOf = new WeakMap<object, Contents>()
  const printed = `[${label}]`
  const print = () => printed
  const prototype = Object.freeze(
    Object.create(null, {
      toString: { value: print },
      toJSON: { value: print },
      [inspect.custom]: { value: print },
      [Symbol.toPrimitive]: { value: print },
      [Symbol.toStringTag]: { value: label },
    }) as object,
  )
  const holds = (handle: object): handle is Opaque<Label> => contentsOf.has(handle)
  return {
    hold(contents) {
      const handle = Object.freeze(Object.create(prototype) as Opaque<Label>)
      contentsOf.set(handle, contents)
      return handle
    },
    reveal(handle) {
      const contents = contentsOf.get(handle)
      if (contents === undefined) throw new TypeError(`Not a ${label}`)
      return contents
    },
    replace(handle, contents) {
      if (!holds(handle)) throw new TypeError(`Not a ${label}`)
      contentsOf.set(handle, contents)
    },
    holds,
  }
}
