import { AppError } from './app-error.ts'
import { errorFields } from './error-fields.ts'

/** One plain sentence for the person at the terminal. Foreign errors are told by code alone. */
export function startFailure(error: unknown): string {
  if (error instanceof AppError) return error.message
  const { code, errorName, at } = errorFields(error)
  if (code === 'EADDRINUSE') return `Port ${portOf(error)} is already in use.`
  if (code === 'EACCES') return `Port ${portOf(error)} may not be used by this user.`
  const place = at === undefined ? '' : ` at ${at}`
  return `Could not start: ${errorName} (${code})${place}.`
}

function portOf(error: unknown): string {
  const port: unknown = error instanceof Error && 'port' in error ? error.port : undefined
  return typeof port === 'number' ? String(port) : '(unknown)'
}
