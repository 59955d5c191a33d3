import { isId } from '@callwire/contracts'
import type { Rows, Runner } from './keys/runner.ts'

/** Any constant. Two who name an operator take turns on it. */
const OPERATOR_LOCK = 7_201_945

/** Moves the mark from the tenant that has it; policies show even the owner one tenant at a time. */
export async function setOperator(runner: Runner, tenantId: string): Promise<boolean> {
  if (!isId('tenant', tenantId)) return false
  return runner.transaction(async (rows) => {
    await rows('select pg_advisory_xact_lock($1)', [OPERATOR_LOCK])
    if (!(await touch(rows, tenantId))) return false
    const [present] = await rows<{ id: string }>(
      'select tenant_id as id from finder.operator_tenant()',
    )
    if (present !== undefined) await mark(rows, present.id, false)
    await mark(rows, tenantId, true)
    return true
  })
}

async function touch(rows: Rows, tenantId: string): Promise<boolean> {
  await rows(`select set_config('app.tenant', $1, true)`, [tenantId])
  const found = await rows('select from app.tenants where tenant_id = $1 for update', [tenantId])
  return found.length > 0
}

async function mark(rows: Rows, tenantId: string, operator: boolean): Promise<void> {
  await rows(`select set_config('app.tenant', $1, true)`, [tenantId])
  await rows('update app.tenants set is_operator = $2 where tenant_id = $1', [tenantId, operator])
}
