import type { CallingHours } from '@callwire/contracts'
import { createBatches } from '@callwire/runtime'
import { sql } from 'drizzle-orm'
import { mayBeOfOne } from './batch.ts'
import type { Client } from './client.ts'
import { DbError } from './db-error.ts'
import { inOnePiece } from './in-one-piece.ts'
import { setTenants } from './set-tenants.ts'
import { statement } from './statement.ts'
import { requireTenantId } from './tenant-id.ts'
import type { Tx } from './transaction.ts'

/** What an API key may do, and when it was used last. */
export type ApiKeyRow = { scopes: string[]; last_used_at: Date | null }

/** A phone that a call is to be placed from, and what its tenant says about calls. */
export type CallerRow = {
  number: string
  country: string
  agent_id: string | null
  deleted_at: Date | null
  has_account: boolean
  calling_hours: CallingHours | null
}

/**
 * A call with its head and all that its dialing depends on: the columns of `calls` each behind
 * `call_`, and the others as sql/reader.sql names them.
 */
export type CallToDialRow = {
  seq: number
  hash: string
  last_type: string
  /** By the database's clock, epoch ms; with it the call is due or not. */
  now_ms: number
  due: boolean
  paused: boolean
  expire_after_ms: number | null
  calling_hours: CallingHours | null
  cap_tenant: number | null
  cap_phone: number | null
  cap_account: number | null
  install_paused: boolean
  install_paused_reason: string | null
  /** With it null there is no phone any more; the agent's kind and the account's sid tell the same. */
  phone_number: string | null
  breaker: string | null
  agent_kind: string | null
  agent_number: string | null
  agent_app_id: string | null
  agent_stream_url: string | null
  sid: string | null
  subdomain: string | null
  version: number | null
  enc_api_key: string | null
  enc_api_token: string | null
  /** Whether the person is on the tenant's list of those it never calls, and whether anybody is. */
  listed: boolean
  anybody_listed: boolean
} & Record<`call_${string}`, unknown>

/**
 * What is read for any tenants (sql/reader.sql). Reads of the same moment share a statement;
 * each sees its own tenant's rows alone. Faults come as DbError.
 */
export type Reader = {
  /** Null when this tenant has no such key, or has revoked it. The gateway's and copilot's alone. */
  readonly apiKey: (key: { tenantId: string; id: string }) => Promise<ApiKeyRow | null>
  /** Null when this tenant never had such a phone. The gateway's alone. */
  readonly caller: (phone: { tenantId: string; phoneId: string }) => Promise<CallerRow | null>
  /** Null when this tenant has no such call. The dialer's alone. */
  readonly callToDial: (call: { tenantId: string; callId: string }) => Promise<CallToDialRow | null>
  /** Whether the call is still being dialed by this attempt. The dialer's alone. */
  readonly isAttemptHeld: (attempt: {
    tenantId: string
    callId: string
    fence: number
  }) => Promise<boolean>
}

/** While they run the next ones come together; one that is held up does not hold up all. */
const LANES = 2
/** Beyond this each saves little more, and the first waits longer. */
const MOST = 32
/** Of requests under way there are fewer. */
const MOST_WAITING = 10_000
/** As long as for a connection. */
const WAIT_MS = 10_000

export function createReader(client: Client): Reader {
  const keys = together<ApiKeyRow>(client, 'api_keys')
  const callers = together<CallerRow>(client, 'callers')
  const calls = together<CallToDialRow>(client, 'calls_to_dial')
  const held = together<object>(client, 'attempts_held')
  return {
    apiKey: ({ tenantId, id }) => keys({ tenant_id: tenantId, key_id: id }),
    caller: ({ tenantId, phoneId }) => callers({ tenant_id: tenantId, phone_id: phoneId }),
    callToDial: ({ tenantId, callId }) => calls({ tenant_id: tenantId, call_id: callId }),
    isAttemptHeld: async ({ tenantId, callId, fence }) =>
      (await held({ tenant_id: tenantId, call_id: callId, fence })) !== null,
  }
}

/** What is asked of one function of sql/reader.sql, by the names that it reads. */
type Asked = { tenant_id: string } & Partial<
  Record<'key_id' | 'phone_id' | 'call_id', string> & { fence: number }
>

function together<Row>(client: Client, name: string): (item: Asked) => Promise<Row | null> {
  const text = `select * from reader.${name}($1)`
  const batches = createBatches<Asked, Row | null>({
    ...{ lanes: LANES, most: MOST, mostWaiting: MOST_WAITING, waitMs: WAIT_MS },
    mayRunAlone: mayBeOfOne,
    full: () => new DbError({ code: 'unavailable' }),
    run: async (items) => {
      const values = [JSON.stringify(items.map((item, n) => ({ n, ...item })))]
      const pieces = [setTenants(items), { name: `reader_${name}`, text, values }]
      const [, rows] = await client.withConnection((connection) => inOnePiece(connection, pieces))
      const found = new Map((rows as (Row & { n: number })[]).map((row) => [row.n, row]))
      return items.map((_, n) => found.get(n) ?? null)
    },
  })
  return async (item) => {
    // One that is none must not fail those it would travel with.
    requireTenantId(item.tenant_id)
    return batches.add(item)
  }
}

const ofOne = statement<{ asked: string }, CallToDialRow>(
  'call_to_dial',
  sql`select * from reader.calls_to_dial(${sql.placeholder('asked')}::json)`,
)

/** The same in a tenant's transaction, which sees what it holds locked as it stands. */
export async function callToDialIn(
  tx: Tx,
  { tenantId, callId }: { tenantId: string; callId: string },
): Promise<CallToDialRow | null> {
  const asked = JSON.stringify([{ n: 0, tenant_id: tenantId, call_id: callId }])
  const [row] = await ofOne(tx, { asked })
  return row ?? null
}
