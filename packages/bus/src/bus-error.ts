import { AppError } from '@callwire/runtime'

export type BusErrorCode = 'unavailable' | 'evicting_redis' | 'redis_too_old' | 'internal'

/** Redis could not do what was asked. Never carries the library's text, which quotes commands. */
export class BusError extends AppError {
  declare readonly code: BusErrorCode

  constructor(code: BusErrorCode, message: string) {
    super({ code, message, retryable: code === 'unavailable' })
  }
}

/** Replies that mean "not now": loading, failing over, full, busy with a script. */
const passingReply = /^(LOADING|READONLY|MASTERDOWN|BUSY|TRYAGAIN|CLUSTERDOWN|OOM|NOREPLICAS)\b/

/** Runs a Redis command and turns whatever it throws into a `BusError`. */
export async function busCall<T>(command: () => Promise<T>): Promise<T> {
  try {
    return await command()
  } catch (error) {
    throw toBusError(error)
  }
}

function toBusError(error: unknown): BusError {
  if (error instanceof BusError) return error
  const isReply = error instanceof Error && error.name === 'ReplyError'
  if (!isReply || passingReply.test(error.message)) {
    return new BusError('unavailable', 'Redis does not answer.')
  }
  return new BusError('internal', 'Redis refused a command.')
}
