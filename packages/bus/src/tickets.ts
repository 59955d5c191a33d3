import { busCall } from './bus-error.ts'
import type { BusConnection } from './connection.ts'
import { names } from './names.ts'

/** Who the bearer of a ticket is; ids, roles and scopes only. */
export type TicketPayload = { readonly tenantId: string; readonly [field: string]: unknown }

export type Tickets = {
  /** Keeps a payload under the hash of a ticket (the ticket itself is never stored). */
  put(ticketHash: string, value: TicketPayload, ttlMs: number): Promise<void>
  /** The payload, once: a second taker gets null, as does anyone after `ttlMs`. */
  take(ticketHash: string): Promise<TicketPayload | null>
}

/** One-time tickets for sockets that cannot send headers. Rejects with `BusError`. */
export function createTickets(conn: BusConnection): Tickets {
  return {
    put: (ticketHash, value, ttlMs) =>
      busCall(async () => {
        await conn.command.set(names.ticket(ticketHash), JSON.stringify(value), 'PX', ttlMs)
      }),
    take: (ticketHash) =>
      busCall(async () => {
        const text = await conn.command.getdel(names.ticket(ticketHash))
        return text === null ? null : (JSON.parse(text) as TicketPayload)
      }),
  }
}
