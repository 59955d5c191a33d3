import type { LogLevel } from './log-level.ts'

/**
 * A fault of ours with a closed `code`. Its message is written by us and safe to show; there is
 * never a `cause`, because a library's error may carry URLs, headers or parameters.
 */
export class AppError extends Error {
  readonly code: string
  readonly retryable: boolean
  readonly level: LogLevel

  constructor(o: { code: string; message: string; retryable?: boolean; level?: LogLevel }) {
    super(o.message)
    this.name = new.target.name
    this.code = o.code
    this.retryable = o.retryable ?? false
    this.level = o.level ?? 'error'
  }
}
