import { AppError } from '@callwire/runtime'

export type BusErrorCode =
  'unavailable' | 'refuses_writes' | 'evicting_redis' | 'redis_too_old' | 'internal'

/** Redis could not do what was asked. Never carries the library's text, which quotes commands. */
export class BusError extends AppError {
  declare readonly code: BusErrorCode

  constructor(code: BusErrorCode, message: string) {
    super({ code, message, retryable: code === 'unavailable' || code === 'refuses_writes' })
  }
}

/** Replies that mean "not now": loading, failing over, full, busy with a script. */
const passingReply =
  /^(LOADING|READONLY|MASTERDOWN|BUSY|TRYAGAIN|CLUSTERDOWN|OOM|MISCONF|NOREPLICAS)\b/
/** Among them those of one that still reads: a replica, or one whose memory, disk or replicas fail it. */
const refusedWrite = /^(READONLY|OOM|MISCONF|NOREPLICAS)\b/

/** Runs a Redis command and turns whatever it throws into a `BusError`. */
export async function busCall<T>(command: () => Promise<T>): Promise<T> {
  try {
    return await command()
  } catch (error) {
    throw toBusError(error)
  }
}

/** As `busCall`, for a command that only asks whether Redis takes writes: a refusal says so. */
export async function busWrite<T>(command: () => Promise<T>): Promise<T> {
  return busCall(async () => {
    try {
      return await command()
    } catch (error) {
      if (!(error instanceof Error) || !refusedWrite.test(error.message)) throw error
      throw new BusError('refuses_writes', 'Redis takes no writes now.')
    }
  })
}

/** What a thrown thing is to those who call this package. */
export function toBusError(error: unknown): BusError {
  if (error instanceof BusError) return error
  const isReply = error instanceof Error && error.name === 'ReplyError'
  if (!isReply || passingReply.test(error.message)) {
    return new BusError('unavailable', 'Redis does not answer.')
  }
  return new BusError('internal', 'Redis refused a command.')
}
