import type { KeyStore, SealedPlace } from '../key-store.ts'
import type { Runner } from './runner.ts'

type SealedRows = Pick<KeyStore, 'keyIds' | 'keyRows' | 'sealedRows' | 'openCallsDialedBefore'>

/** Rows by the key they name, across tenants: ids, never the sealed text (sql/finder.sql). */
export function sealedRows(runner: Runner): SealedRows {
  const count = async (call: string, values: readonly unknown[]) => {
    const [row] = await runner.rows<{ count: number }>(`select finder.${call} as count`, values)
    return row?.count ?? 0
  }
  return {
    keyIds: () =>
      runner.rows<{ place: SealedPlace; kid: string }>('select place, kid from finder.key_ids()'),
    keyRows: (place, kid) => count('key_rows($1, $2)', [place, kid]),
    sealedRows: ({ place, kid, afterTenant, afterId, limit }) =>
      runner.rows<{ tenantId: string; id: string }>(
        'select tenant_id as "tenantId", id from finder.sealed_rows($1, $2, $3, $4, $5)',
        [place, kid, afterTenant, afterId, limit],
      ),
    openCallsDialedBefore: (at) => count('open_calls_dialed_before($1)', [at]),
  }
}
