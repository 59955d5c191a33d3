import type { Tickets } from '@callwire/bus'
import { ticketReply } from '@callwire/contracts'
import { randomToken, sha256Hex } from '@callwire/crypto'
import type { Database } from '@callwire/db'
import { ok } from '../../http/reply.ts'
import { route } from '../../http/route.ts'
import { actorOf, type RecordAudit } from '../../record-audit.ts'

/** Says what it is, so that nothing else is looked up as a ticket. */
const ticketPrefix = 'cwt_'
/** Time for a browser to open a socket, and no more. */
const ttlS = 60

export function makeTicket(deps: {
  database: Pick<Database, 'withTenant'>
  tickets: Pick<Tickets, 'put'>
  audit: RecordAudit
}) {
  return route({
    method: 'POST',
    path: '/copilot/tickets',
    access: 'calls:read',
    tag: 'tokens',
    summary: 'Make a one-time ticket for a browser that opens the consumer socket',
    description: 'It carries the rights of whoever asked for it, once, for 60 s.',
    replies: { 201: ticketReply.meta({ description: 'The ticket, this once' }) },
    handle: async ({ principal }) => {
      const { tenantId, kind, id, role, permissions } = principal
      const ticket = `${ticketPrefix}${randomToken()}`
      const payload = {
        tenantId,
        kind,
        id,
        role,
        permissions: [...permissions],
        sessionId: principal.sessionId,
      }
      await deps.database.withTenant(tenantId, async (tx) => {
        await deps.audit(tx, { tenantId, actor: actorOf(principal), action: 'ticket.made' })
        // Last, so that a Redis that is away leaves no trace of a ticket that never was.
        await deps.tickets.put(sha256Hex(ticket), payload, ttlS * 1000)
      })
      return ok(201, { ticket, expiresIn: 60 as const })
    },
  })
}
