import type { BusConnection } from './connection.ts'
import { busCall, BusError } from './bus-error.ts'

/** Streams' MINID trim and GETDEL need 6.2; 7.0 is what the queues are proven on. */
const oldestMajor = 7

/**
 * Refuses a Redis that may drop keys when memory is short (a lost queue entry is a lost call) or
 * that is older than 7.0. Reads INFO, which managed services allow where CONFIG is forbidden.
 *
 * @throws BusError `evicting_redis`, `redis_too_old` or `unavailable`
 */
export async function requireNoEviction(conn: BusConnection): Promise<void> {
  const info = await busCall(() => conn.command.info())
  const version = field(info, 'redis_version')
  // A version that cannot be read is no number, and no number is enough.
  if (!(Number(version.split('.')[0]) >= oldestMajor)) {
    throw new BusError('redis_too_old', `Redis ${version} is too old; 7.0 or newer is needed.`)
  }
  const policy = field(info, 'maxmemory_policy')
  if (policy !== 'noeviction') {
    throw new BusError(
      'evicting_redis',
      `Redis would evict keys (maxmemory-policy ${policy}) and lose calls; set it to noeviction.`,
    )
  }
}

function field(info: string, name: string): string {
  return new RegExp(`^${name}:([\\w.-]{1,40})\\r?$`, 'm').exec(info)?.[1] ?? 'unknown'
}
