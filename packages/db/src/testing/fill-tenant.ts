import type postgres from 'postgres'

/** An id of this kind that tells tenants apart: `idOf('cal', 1)`. */
export function idOf(prefix: string, n: number): string {
  return `${prefix}_${String(n).padStart(24, '0')}`
}

const hex = (n: number) => String(n).padStart(64, '0')

/** One row in every table of a tenant, for tests of the fence. Needs a connection past it. */
export async function fillTenant(sql: postgres.Sql, n: number): Promise<string> {
  const tenant = await fillFirstTables(sql, n)
  await fillLaterTables(sql, n)
  return tenant
}

/** The same in the tables that an install of the first version has. */
export async function fillFirstTables(sql: postgres.Sql, n: number): Promise<string> {
  const tenant = idOf('ten', n)
  const call = idOf('cal', n)
  const phone = idOf('phn', n)
  const salt = 'A'.repeat(22)
  await sql.begin(async (tx) => {
    await tx.unsafe(`
      insert into tenants (tenant_id, name) values ('${tenant}', 't${n}');
      insert into users (tenant_id, id, email, password_hash, role)
        values ('${tenant}', '${idOf('usr', n)}', 'u${n}@example.com', '$scrypt$x', 'owner');
      insert into sessions (tenant_id, id, user_id, family_hash, refresh_hash, expires_at)
        values ('${tenant}', '${idOf('ses', n)}', '${idOf('usr', n)}', '${hex(n)}', '${hex(n)}', now());
      insert into api_keys (tenant_id, id, name, key_hash, hint, scopes)
        values ('${tenant}', '${idOf('key', n)}', 'k', '${hex(n)}', 'abcd', '{}');
      insert into agents (tenant_id, id, name, kind)
        values ('${tenant}', '${idOf('agt', n)}', 'a', 'stream');
      insert into phones (tenant_id, id, number, country, agent_id, ingest_key, phone_token_hash)
        values ('${tenant}', '${phone}', '+91800000000', 'IN', '${idOf('agt', n)}', 'i${n}', '${hex(n)}');
      insert into phone_credentials (tenant_id, phone_id, sid, subdomain, enc_api_key, enc_api_token)
        values ('${tenant}', '${phone}', 's', 'api.exotel.com', 'cw1c.x', 'cw1c.y');
      insert into calls (tenant_id, id, phone_id, direction, person_sealed, person_masked,
          person_index, status, sid)
        values ('${tenant}', '${call}', '${phone}', 'outbound', 'cw1d.x', '+9198********', 'i',
          'queued', 'sid-${n}');
      insert into call_keys (tenant_id, call_id, wrapped) values ('${tenant}', '${call}', 'cw1k.x');
      insert into call_heads (tenant_id, call_id, seq, hash) values ('${tenant}', '${call}', 1, '${hex(n)}');
      insert into call_events (tenant_id, call_id, seq, id, type, at, data, salt, commit, hash)
        values ('${tenant}', '${call}', 1, '${idOf('evt', n)}', 'alert', now(), '{}', '${salt}',
          '${hex(n)}', '${hex(n)}');
      insert into call_secrets (tenant_id, call_id, seq, field, sealed)
        values ('${tenant}', '${call}', 1, 'text', 'cw1e.x');
      insert into media_streams (tenant_id, id, call_id, stream_sid, sample_rate, key_salt)
        values ('${tenant}', '${idOf('str', n)}', '${call}', 's', 8000, '${salt}');
      insert into stream_tokens (tenant_id, id, token_hash, call_id, phone_id, expires_at)
        values ('${tenant}', '${idOf('tok', n)}', '${hex(n)}', '${call}', '${phone}',
          now() + interval '1 hour');
      insert into transcriptions (tenant_id, call_id) values ('${tenant}', '${call}');
      insert into idempotency_keys (tenant_id, route, key, fingerprint, call_id, status)
        values ('${tenant}', 'r', 'k', 'f', '${call}', 202);
      insert into callback_inbox (tenant_id, id, call_id, body_sealed)
        values ('${tenant}', '${idOf('cbk', n)}', '${call}', 'cw1d.x');
      insert into audit_log (tenant_id, id, actor_kind, actor_id, action)
        values ('${tenant}', '${idOf('aud', n)}', 'service', 's', 'a');
    `)
  })
  return tenant
}

async function fillLaterTables(sql: postgres.Sql, n: number): Promise<void> {
  const tenant = idOf('ten', n)
  const call = idOf('cal', n)
  const phone = idOf('phn', n)
  await sql.begin(async (tx) => {
    await tx.unsafe(`
      insert into phone_checks (tenant_id, id, phone_id)
        values ('${tenant}', '${idOf('chk', n)}', '${phone}');
      insert into never_call (tenant_id, id, person_sealed, person_masked, person_index, reason,
          created_by)
        values ('${tenant}', '${idOf('nvc', n)}', 'cw1d.x', '+9198********', 'i', 'asked', 'u');
      insert into tenant_alerts (tenant_id, id, code, severity, message)
        values ('${tenant}', '${idOf('alt', n)}', 'c', 'warn', 'm');
      insert into webhook_endpoints (tenant_id, id, url, event_types)
        values ('${tenant}', '${idOf('whe', n)}', 'https://example.com', '{call.status}');
      insert into webhook_secrets (tenant_id, id, endpoint_id, sealed)
        values ('${tenant}', '${idOf('whs', n)}', '${idOf('whe', n)}', 'cw1c.x');
      insert into webhook_cursors (tenant_id, endpoint_id, call_id, seq)
        values ('${tenant}', '${idOf('whe', n)}', '${call}', 1);
      insert into webhook_deliveries (tenant_id, id, endpoint_id, event_type, call_id, seq)
        values ('${tenant}', '${idOf('msg', n)}', '${idOf('whe', n)}', 'call.status', '${call}', 1);
      insert into recordings (tenant_id, id, call_id, wrapped)
        values ('${tenant}', '${idOf('rec', n)}', '${call}', 'cw1k.x');
      insert into recording_parts (tenant_id, recording_id, from_ms, to_ms, sample_rate, object_key, bytes)
        values ('${tenant}', '${idOf('rec', n)}', 0, 100, 8000, 'k', 1);
    `)
  })
}
