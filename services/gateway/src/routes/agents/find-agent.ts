import { isId } from '@callwire/contracts'
import { agents, type Tx } from '@callwire/db'
import { and, eq, isNull } from 'drizzle-orm'
import { notFound } from '../../http/api-error.ts'
import type { AgentRow } from './agent-view.ts'

/**
 * The agent of this tenant.
 *
 * @throws ApiError `not_found` also when it is another tenant's, deleted, or no id at all
 */
export async function findAgent(tx: Tx, id: string, o: { lock?: boolean } = {}): Promise<AgentRow> {
  if (!isId('agent', id)) throw notFound('agent')
  const query = tx
    .select()
    .from(agents)
    .where(and(eq(agents.id, id), isNull(agents.deletedAt)))
  const [row] = await (o.lock === true ? query.for('update') : query)
  if (row === undefined) throw notFound('agent')
  return row
}
