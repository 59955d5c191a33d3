import type { Principal } from '@callwire/accounts'
import type { Tickets } from '@callwire/bus'
import { isId, permissionSchema, roleSchema, type Permission } from '@callwire/contracts'
import { sha256Hex } from '@callwire/crypto'
import { z } from 'zod'

/** Who listens, and what they may hear. */
export type Consumer = {
  kind: 'user' | 'api_key'
  tenantId: string
  /** The user's or the key's id. */
  id: string
  /** The session a user came with; null for an API key. */
  sessionId: string | null
  role: string
  permissions: ReadonlySet<Permission>
}

export type Identify = (token: string) => Promise<Consumer | null>

type Deps = {
  authenticate: (token: string) => Promise<Principal | null>
  tickets: Pick<Tickets, 'take'>
  /** Whether the key or session that a ticket was made with is still good. */
  isStillValid: (consumer: Consumer) => Promise<boolean>
}

const ticketSchema = z.object({
  kind: z.enum(['user', 'api_key']),
  tenantId: z.string().refine((id) => isId('tenant', id)),
  id: z.string(),
  sessionId: z.string().nullable(),
  role: z.union([roleSchema, z.literal('api')]),
  permissions: z.array(permissionSchema),
})

/** Tickets say what they are, so that no other token is looked up in Redis. */
const TICKET = /^cwt_[A-Za-z0-9_-]{43}$/

/** A session, an API key or a one-time ticket; null for anything else, and for whoever must change their password first. */
export function createIdentify(deps: Deps): Identify {
  return async (token) => {
    if (TICKET.test(token)) {
      const ticket = ticketSchema.safeParse(await deps.tickets.take(sha256Hex(token)))
      if (!ticket.success) return null
      const consumer = { ...ticket.data, permissions: new Set(ticket.data.permissions) }
      return (await deps.isStillValid(consumer)) ? consumer : null
    }
    const principal = await deps.authenticate(token)
    if (principal === null || principal.mustChangePassword) return null
    const { kind, tenantId, id, role, permissions } = principal
    return { kind, tenantId, id, sessionId: principal.sessionId ?? null, role, permissions }
  }
}

/** The token of an `Authorization: Bearer` header, or null. */
export function bearerOf(header: string | undefined): string | null {
  return /^Bearer +([\x21-\x7e]{1,4096})$/i.exec(header ?? '')?.[1] ?? null
}
