import { busCall } from './bus-error.ts'
import type { BusConnection } from './connection.ts'
import { names } from './names.ts'

export type Leases = {
  /** True when `owner` has the call's lease now, newly or still, for `ttlMs` from now on. */
  acquire(callId: string, owner: string, ttlMs?: number): Promise<boolean>
  /** Gives it back; another's lease is left alone. */
  release(callId: string, owner: string): Promise<void>
  /** Those of these calls whose lease nobody has. */
  free(callIds: readonly string[]): Promise<string[]>
}

/** A crashed owner's call is free again after this. */
const defaultTtlMs = 5_000

const acquireScript = `
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`

const releaseScript = `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1`

/** Who works on a live call. Rejects with `BusError` while Redis is away. */
export function createLeases(conn: BusConnection): Leases {
  const evaluate = (script: string, callId: string, ...args: (string | number)[]) =>
    busCall(async () => (await conn.command.eval(script, 1, names.lease(callId), ...args)) === 1)
  return {
    acquire: (callId, owner, ttlMs = defaultTtlMs) => evaluate(acquireScript, callId, owner, ttlMs),
    release: async (callId, owner) => {
      await evaluate(releaseScript, callId, owner)
    },
    free: (callIds) =>
      busCall(async () => {
        // One command a key: in a cluster, calls lie in different slots.
        const pipeline = conn.command.pipeline()
        for (const callId of callIds) pipeline.exists(names.lease(callId))
        const results = (await pipeline.exec()) ?? []
        const failed = results.find(([error]) => error !== null)?.[0]
        if (failed != null) throw failed
        return callIds.filter((_callId, i) => results[i]?.[1] === 0)
      }),
  }
}
