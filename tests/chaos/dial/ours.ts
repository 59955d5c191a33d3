import postgres from 'postgres'
import { z } from 'zod'
import { askOk } from './http.ts'

/** A call as the system under test tells of it. */
export type Ours = {
  callId: string
  /** By the API. */
  status: string
  reasonCode: string | null
  sid: string | null
  /** By the ledger, in order; null where there is none. */
  history: readonly Moment[]
}

export type Moment = { status: string; reasonCode: string | null; atMs: number }

const page = z.object({
  data: z.object({
    calls: z.array(
      z.object({
        id: z.string(),
        status: z.string(),
        sid: z.string().optional(),
        reason: z.object({ code: z.string() }).optional(),
      }),
    ),
    nextCursor: z.string().nullable(),
  }),
})
const event = z.object({
  status: z.string(),
  reason: z.object({ code: z.string() }).optional(),
})

/** All calls of some tenants, from the API and from the ledger's table. */
export async function readOurs(o: {
  gatewayUrl: string
  databaseUrl: string
  apiKeys: readonly string[]
}): Promise<Ours[]> {
  const histories = await readHistories(o.databaseUrl)
  const ours: Ours[] = []
  for (const token of o.apiKeys) {
    for (let cursor: string | null = ''; cursor !== null;) {
      const from: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`
      const url = `${o.gatewayUrl}/api/v1/calls?limit=100${from}`
      const { data } = page.parse(await askOk('GET', url, { token }))
      for (const { id: callId, status, sid, reason } of data.calls) {
        const history = histories.get(callId) ?? []
        const reasonCode = reason?.code ?? null
        ours.push({ callId, status, reasonCode, sid: sid ?? null, history })
      }
      cursor = data.nextCursor
    }
  }
  return ours
}

async function readHistories(databaseUrl: string): Promise<Map<string, Moment[]>> {
  return withSql(databaseUrl, async (sql) => {
    const histories = new Map<string, Moment[]>()
    const rows = await sql<{ call_id: string; at: Date; data: string }[]>`
      select call_id, at, data from app.call_events
      where type = 'call.status' order by call_id, seq`
    for (const { call_id: callId, at, data } of rows) {
      const { status, reason } = event.parse(JSON.parse(data))
      const history = histories.get(callId) ?? []
      history.push({ status, reasonCode: reason?.code ?? null, atMs: at.getTime() })
      histories.set(callId, history)
    }
    return histories
  })
}

/** How many calls stand in each state. */
export async function countStates(databaseUrl: string): Promise<Map<string, number>> {
  return withSql(databaseUrl, async (sql) => {
    const rows = await sql<{ status: string; n: number }[]>`
      select status, count(*)::integer as n from app.calls group by status`
    return new Map(rows.map(({ status, n }) => [status, n]))
  })
}

async function withSql<T>(url: string, work: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(url, { max: 1, connect_timeout: 5, onnotice: () => undefined })
  try {
    return await work(sql)
  } finally {
    await sql.end({ timeout: 5 })
  }
}
