import { inspect } from 'node:util'

const tag = 'secret'
const shown = `[${tag}]`

/**
 * Outside the objects, not in private fields: with an inspector attached, `console.log` sends a preview of an
 * object's private fields too.
 */
const values = new WeakMap<Secret, string>()

/** A value that shows itself only when asked by name: prints, inspects and serialises as `[secret]`. */
export class Secret {
  constructor(value: string) {
    values.set(this, value)
    Object.freeze(this)
  }

  /** The value itself. Call it at the moment of use and keep the result in no object. */
  reveal(): string {
    const value = values.get(this)
    if (value === undefined) throw new TypeError('Not a Secret')
    return value
  }

  toString(): string {
    return shown
  }

  toJSON(): string {
    return shown
  }

  [Symbol.toPrimitive](): string {
    return shown
  }

  /** For printers that ask neither of the others: `assert`, and `inspect` without custom functions. */
  get [Symbol.toStringTag](): string {
    return tag
  }

  [inspect.custom](): string {
    return shown
  }
}
