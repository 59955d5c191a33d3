import type { LookupAddress } from 'node:dns'
import type { LookupFunction } from 'node:net'

/** All addresses of a host name. Rejects when there are none to be had. */
export type Resolve = (hostname: string) => Promise<LookupAddress[]>

/** What a connection's error says when the guard refused it. */
export const FORBIDDEN = 'CALLWIRE_FORBIDDEN'

/**
 * The one resolution of a connection: whatever it gives was checked, and the connection is made to
 * that very address. A second look-up, between check and use, is what DNS rebinding lives on.
 *
 * One address that may not be reached refuses the name as a whole: no honest host has both kinds.
 */
export function guardedLookup(
  resolve: Resolve,
  mayReach: (address: string) => boolean,
): LookupFunction {
  return (hostname, options, callback) => {
    const found = resolve(hostname).then((addresses) => {
      const [first] = addresses
      if (first === undefined) throw failure('ENOTFOUND')
      if (!addresses.every(({ address }) => mayReach(address))) throw new Forbidden()
      return { first, addresses }
    })
    found.then(
      ({ first, addresses }) => {
        if (options.all === true) callback(null, addresses)
        else callback(null, first.address, first.family)
      },
      // A resolver's own codes say of it what the same ones of a connection say of the host.
      (error: unknown) => {
        callback(error instanceof Forbidden ? error : failure('ENOTFOUND'), '')
      },
    )
  }
}

class Forbidden extends Error {
  readonly code = FORBIDDEN
}

function failure(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(code), { code })
}
