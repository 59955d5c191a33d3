import type { Principal } from '@callwire/accounts'
import type { Agent } from '@callwire/contracts'
import type { agents } from '@callwire/db'
import { maskPhoneNumber } from '@callwire/masking'

export type AgentRow = typeof agents.$inferSelect

/** An agent as it is shown. A person's number is masked unless the reader may read numbers. */
export function viewAgent(row: AgentRow, reader: Pick<Principal, 'permissions'>): Agent {
  const clear = reader.permissions.has('pii:read')
  return {
    id: row.id,
    name: row.name,
    kind: row.kind,
    ...(row.number === null ? {} : { number: clear ? row.number : maskPhoneNumber(row.number) }),
    ...(row.appId === null ? {} : { appId: row.appId }),
    ...(row.streamUrl === null ? {} : { streamUrl: row.streamUrl }),
    createdAt: row.createdAt.toISOString(),
  }
}
