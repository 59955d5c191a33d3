import type postgres from 'postgres'
import { idOf } from '../../testing/fill-tenant.ts'

/** Changes rows of tenants 1 and 2 into ones that are easily copied wrong, and adds some blocks. */
export async function fillOddly(sql: postgres.Sql): Promise<void> {
  const text = String.raw`tab	feed` + '\n\\N \\. "quoted" {a,b} é नमस्ते \u{1f4de}'
  await sql`update agents set name = ${text} where tenant_id = ${idOf('ten', 1)}`
  await sql`update api_keys set scopes = ${['calls:read', 'with,comma', text]}`
  await sql`update calls set person_sealed = 'cw1d.k2.x.y', metadata_sealed = 'cw1d.k1.x.y'
    where tenant_id = ${idOf('ten', 2)}`
  // Of what does not compress to nothing.
  await sql`insert into audit_log (tenant_id, id, actor_kind, actor_id, action, details)
    select ${idOf('ten', 1)}, 'aud_' || lpad((n + 1000)::text, 24, '0'), 'service', 's', 'a',
      jsonb_build_object('x', (select string_agg(md5(n::text || m), '') from generate_series(1, 40) m))
    from generate_series(1, 300) n`
}
