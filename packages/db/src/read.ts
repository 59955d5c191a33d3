import { createBatches } from '@callwire/runtime'
import { mayBeOfOne } from './batch.ts'
import type { Client } from './client.ts'
import { DbError } from './db-error.ts'
import { inOnePiece, type Ready } from './in-one-piece.ts'
import { requireTenantId } from './tenant-id.ts'

/**
 * The rows that one statement reads of one tenant. Under load, reads of several tenants share a
 * message and a transaction, each with its own tenant set; none of them can write. Faults come as
 * DbError.
 */
export type Read = <Row>(tenantId: string, statement: Ready<Row>) => Promise<Row[]>

type Reading = { tenantId: string; statement: Ready<unknown> }

/** While they run the next ones come together; one that is held up does not hold up all. */
const LANES = 2
/** Reads that share a transaction: beyond this each saves little more, and the first waits longer. */
const MOST = 32
/** Of requests under way there are fewer. */
const MOST_WAITING = 10_000
/** As long as for a connection. */
const WAIT_MS = 10_000

const setTenant = {
  name: 'read_tenant',
  text: `select set_config('app.tenant', $1, true), set_config('transaction_read_only', 'on', true)`,
}

export function createRead(client: Client): Read {
  const batches = createBatches<Reading, unknown[]>({
    lanes: LANES,
    most: MOST,
    mostWaiting: MOST_WAITING,
    waitMs: WAIT_MS,
    mayRunAlone: mayBeOfOne,
    full: () => new DbError({ code: 'unavailable' }),
    run: async (readings) => {
      const rows = await client.withConnection((connection) =>
        inOnePiece(
          connection,
          readings.flatMap(({ tenantId, statement }) => [
            { ...setTenant, values: [tenantId] },
            statement,
          ]),
        ),
      )
      return readings.map((_, index) => rows[2 * index + 1] ?? [])
    },
  })
  return async <Row>(tenantId: string, statement: Ready<Row>) => {
    requireTenantId(tenantId)
    return (await batches.add({ tenantId, statement })) as Row[]
  }
}
