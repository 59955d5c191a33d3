import { type z } from 'zod'

/** A refusal of the control API; its message is shown. */
export class ControlError extends Error {
  readonly statusCode: number
  constructor(message: string, statusCode = 400) {
    super(message)
    this.statusCode = statusCode
  }
}

/** The value, checked; else a 400 that names each wrong field and never its value. */
export function parse<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const result = schema.safeParse(value ?? {})
  if (result.success) return result.data
  const issues = result.error.issues.map((issue) => {
    const path = issue.path.join('.')
    return path === '' ? issue.message : `${path}: ${issue.message}`
  })
  throw new ControlError(issues.join('; '))
}

export function notFound(noun: string): never {
  throw new ControlError(`no such ${noun}`, 404)
}
