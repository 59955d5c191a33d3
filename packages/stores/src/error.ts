export type StoresErrorCode =
  | 'postgres_unavailable'
  | 'postgres_failed'
  | 'redis_unavailable'
  | 'redis_failed'
  | 'no_unprivileged_user'
  | 'data_dir_copied'

/** A store could not be found or started. The message is one sentence for a person and holds no secret. */
export class StoresError extends Error {
  override readonly name = 'StoresError'
  readonly code: StoresErrorCode

  constructor(code: StoresErrorCode, message: string) {
    super(message)
    this.code = code
  }
}
