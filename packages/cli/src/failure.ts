/** Something the person at the terminal can put right; the message says how. */
export class CliFailure extends Error {
  override readonly name = 'CliFailure'
  /** For programs. */
  readonly code: string
  readonly details: Readonly<Record<string, unknown>> | undefined

  constructor(message: string, o: { code?: string; details?: Record<string, unknown> } = {}) {
    super(message)
    this.code = o.code ?? 'cli'
    this.details = o.details
  }
}
