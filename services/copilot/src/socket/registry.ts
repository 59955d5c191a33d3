import type { Revocation } from '@callwire/bus'
import type { Consumer } from '../identify.ts'
import type { Connection } from './connection.ts'

export type Registry = {
  /** False when this consumer has `limit` sockets already. */
  admit(connection: Connection, consumer: Consumer): boolean
  revoke(revocation: Revocation): void
  /** Every open connection. */
  all(): readonly Connection[]
}

/** Who is connected. A user and each API key have a limit of their own. */
export function createRegistry(limit: number): Registry {
  const byConsumer = new Map<string, Set<Connection>>()
  const keyOf = (consumer: Consumer) => `${consumer.tenantId}/${consumer.id}`
  const all = () => [...byConsumer.values()].flatMap((own) => [...own])
  return {
    admit(connection, consumer) {
      const key = keyOf(consumer)
      const own = byConsumer.get(key) ?? new Set()
      if (own.size >= limit) return false
      own.add(connection)
      byConsumer.set(key, own)
      void connection.closed.then(() => {
        own.delete(connection)
        if (own.size === 0) byConsumer.delete(key)
      })
      return true
    },
    revoke(revocation) {
      for (const connection of all()) {
        if (connection.consumer !== null && isMeant(revocation, connection.consumer))
          connection.revoke()
      }
    },
    all,
  }
}

function isMeant(revocation: Revocation, consumer: Consumer): boolean {
  if (revocation.tenantId !== consumer.tenantId) return false
  if (revocation.kind === 'session') return consumer.sessionId === revocation.id
  const kind = revocation.kind === 'key' ? 'api_key' : 'user'
  return consumer.kind === kind && consumer.id === revocation.id
}
