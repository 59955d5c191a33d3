import type { Revocation } from '@callwire/bus'
import type { Consumer } from '../identify.ts'

/** An open connection, socket or event stream, known or not yet. */
export type Member = {
  /** Null before it has said who it is. */
  readonly consumer: Consumer | null
  /** Told to come back elsewhere, then closed. */
  drain(reconnectInMs: number): void
  /** The key or session is no longer good. */
  revoke(): void
  /** Takes the connection away. */
  destroy(): void
  /** Resolves when it has gone. Never rejects. */
  readonly closed: Promise<void>
}

export type Registry = {
  /** Remembers a connection until it has gone. */
  add(member: Member): void
  /** Counts a connection as this consumer's; false when that one has as many as it may. */
  admit(member: Member, consumer: Consumer): boolean
  revoke(revocation: Revocation): void
  all(): readonly Member[]
  count(): { known: number; all: number }
}

/** Who is connected. A user and each API key have a limit of their own. */
export function createRegistry(limit: number): Registry {
  const members = new Set<Member>()
  const counts = new Map<string, number>()
  let known = 0

  const change = (key: string, by: 1 | -1) => {
    known += by
    const count = (counts.get(key) ?? 0) + by
    if (count > 0) counts.set(key, count)
    else counts.delete(key)
  }

  return {
    add(member) {
      members.add(member)
      void member.closed.then(() => members.delete(member))
    },
    admit(member, consumer) {
      const key = `${consumer.tenantId}/${consumer.id}`
      if ((counts.get(key) ?? 0) >= limit) return false
      change(key, 1)
      void member.closed.then(() => change(key, -1))
      return true
    },
    revoke(revocation) {
      for (const member of members) {
        if (member.consumer !== null && isMeant(revocation, member.consumer)) member.revoke()
      }
    },
    all: () => [...members],
    count: () => ({ known, all: members.size }),
  }
}

function isMeant(revocation: Revocation, consumer: Consumer): boolean {
  if (revocation.tenantId !== consumer.tenantId) return false
  if (revocation.kind === 'session') return consumer.sessionId === revocation.id
  const kind = revocation.kind === 'key' ? 'api_key' : 'user'
  return consumer.kind === kind && consumer.id === revocation.id
}
