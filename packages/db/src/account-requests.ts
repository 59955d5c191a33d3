import type { Client } from './client.ts'

/** Requests to Exotel accounts, whoever's they were: what a budget remembers outside of Redis. */
export type AccountRequests = {
  /** The account's, with how many ms ago each was written down, by the database's clock. */
  recent(accountSid: string, withinMs: number): Promise<{ id: string; ageMs: number }[]>
  /** For a request that no transaction of a tenant goes with. */
  add(accountSid: string, id: string): Promise<void>
  /** Forgets what is older; gives how many that were, `most` at a time. */
  forget(olderThanMs: number, most: number): Promise<number>
}

export function createAccountRequests(client: Client): AccountRequests {
  return {
    recent: (accountSid, withinMs) =>
      client.rows(
        `select id, (extract(epoch from clock_timestamp() - at) * 1000)::float8 as "ageMs"
        from account_requests
        where account_sid = $1 and at > clock_timestamp() - $2 * interval '1 millisecond'`,
        [accountSid, withinMs],
      ),
    add: async (accountSid, id) => {
      await client.rows(
        `insert into account_requests (account_sid, id, at) values ($1, $2, clock_timestamp())`,
        [accountSid, id],
      )
    },
    forget: async (olderThanMs, most) => {
      const gone = await client.rows(
        `delete from account_requests where (account_sid, id) in (
          select account_sid, id from account_requests
          where at < clock_timestamp() - $1 * interval '1 millisecond'
          order by at limit $2
        ) returning id`,
        [olderThanMs, most],
      )
      return gone.length
    },
  }
}
