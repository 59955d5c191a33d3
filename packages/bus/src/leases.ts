import { busCall } from './bus-error.ts'
import type { BusConnection } from './connection.ts'
import { names } from './names.ts'

export type Leases = {
  /** True when `owner` has the call's lease now, newly or still. */
  acquire(callId: string, owner: string, ttlMs?: number): Promise<boolean>
  /** False when the lease ran out or another has it: the work must stop. */
  renew(callId: string, owner: string, ttlMs?: number): Promise<boolean>
  /** Gives it back; another's lease is left alone. */
  release(callId: string, owner: string): Promise<void>
}

/** A crashed owner's call is free again after this. */
const defaultTtlMs = 5_000

const acquireScript = `
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`

const renewScript = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
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
    renew: (callId, owner, ttlMs = defaultTtlMs) => evaluate(renewScript, callId, owner, ttlMs),
    release: async (callId, owner) => {
      await evaluate(releaseScript, callId, owner)
    },
  }
}
