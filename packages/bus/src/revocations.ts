import { errorFields } from '@callwire/runtime'
import type { BusConnection } from './connection.ts'
import { names } from './names.ts'

/** A key, session or user that may do nothing from now on. */
export type Revocation = { tenantId: string; kind: 'key' | 'session' | 'user'; id: string }

export type Revocations = {
  /** Tells every process. Never rejects: whoever holds open sessions also asks Postgres in time. */
  announce(revocation: Revocation): Promise<void>
  subscribe(listener: (revocation: Revocation) => void): Promise<() => Promise<void>>
}

export function createRevocations(conn: BusConnection): Revocations {
  return {
    announce: async (revocation) => {
      try {
        await conn.command.publish(names.revocationChannel, JSON.stringify(revocation))
      } catch (error) {
        conn.log.warn({ kind: revocation.kind, ...errorFields(error) }, 'revocation not announced')
      }
    },
    subscribe: (listener) =>
      conn.subscriptions.listen(names.revocationChannel, (text) => {
        listener(JSON.parse(text) as Revocation)
      }),
  }
}
