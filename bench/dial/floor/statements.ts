// What has to be written about a call, in three statements that are a transaction each.
import { randomBytes } from 'node:crypto'

const text = (bytes: number) => randomBytes(bytes).toString('base64url')
const hash = (n: number) => n.toString(16).padStart(64, '0')

/** As long as what stands in the system's own rows. */
const sealed = `cw1d.k1.${text(16)}.${text(60)}`
const fact = '{"previous":"queued","status":"dialing"}'
const salt = text(16)

const head = "'ten', $1, "
const event = (seq: number) => `insert into floor.call_events
  (tenant_id, call_id, seq, id, type, at, data, salt, commit, hash)
  values (${head} ${seq}, 'evt' || $1, 'call.status', now(), '${fact}', '${salt}', '${hash(1)}',
    '${hash(2)}')`
const audit = (action: string) => `insert into floor.audit_log
  (tenant_id, id, actor_kind, actor_id, action, target_kind, target_id, details)
  values ('ten', '${action}' || $1, 'service', 'floor', '${action}', 'call', $1,
    '{"keyId":"k1","phoneId":"phn"}')`

export const queued = {
  name: 'queued',
  text: `with claim as (
      insert into floor.idempotency_keys (tenant_id, route, key, fingerprint, call_id, status)
      values ('ten', 'POST /calls', $1, '${sealed}', $1, 202)
    ), head as (
      insert into floor.call_heads (tenant_id, call_id, seq, hash, last_type)
      values (${head} 1, '${hash(1)}', 'call.status')
    ), event as (${event(1)}), data_key as (
      insert into floor.call_keys (tenant_id, call_id, wrapped) values (${head} '${sealed}')
    ), audited as (${audit('call.placed')})
    insert into floor.calls (tenant_id, id, phone_id, direction, person_sealed, person_masked,
      person_index, status)
    values (${head} $2, 'outbound', '${sealed}', $3, '${text(43)}', 'queued')`,
}

export const dialing = {
  name: 'dialing',
  text: `with event as (${event(2)}), token as (
      insert into floor.stream_tokens (tenant_id, id, token_hash, call_id, phone_id, expires_at)
      values ('ten', 'tok' || $1, '${hash(3)}', $1, 'phn', now() + interval '1 day')
    ), opening as (${audit('credentials.open')}), request as (
      insert into floor.account_requests (account_sid, id) values ('bench', $1)
    ), head as (
      update floor.call_heads set seq = 2, hash = '${hash(2)}', changed_at = clock_timestamp()
      where call_id = $1
    )
    update floor.calls set status = 'dialing', fence = fence + 1, account_sid = 'bench',
      dialing_at = now()
    where id = $1 returning person_masked as person`,
}

export const placed = {
  name: 'placed',
  text: `update floor.calls set sid = $2, dialed_at = now(), heard_at = now() where id = $1`,
}
