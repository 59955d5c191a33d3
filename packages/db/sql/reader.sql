-- What is read for several tenants in one statement: API keys in force, the phones that calls are to
-- be placed from, calls with all that their dialing depends on, whether attempts still hold their
-- calls. Rebuilt whenever this file changes. Asked one by one these cost four times as much. They are
-- owned by callwire_reader, which cannot log in and can write nothing, and are fenced like everybody:
-- they see the rows of the tenants that the transaction names, and of no other. `n` is the asker's own
-- number for what it asked; where there is nothing to give, no row has it.
-- Starts as callwire_owner.

set local role callwire_reader;
set local search_path = reader;

do $$
declare
  item record;
begin
  for item in
    select p.oid::regprocedure as signature from pg_proc p
    where p.pronamespace = 'reader'::regnamespace
  loop
    execute format('drop function %s', item.signature);
  end loop;
end
$$;

set local role callwire_owner;
set local search_path = app;

-- Those of an earlier version of this file went with the batches', whose fence they have.
do $$
declare
  fenced text;
begin
  foreach fenced in array array['tenants', 'api_keys', 'agents', 'phones', 'phone_credentials', 'calls',
    'call_heads', 'never_call']
  loop
    execute format('create policy reader on app.%I for select to callwire_reader '
      'using (tenant_id = any ((select batch.tenant_ids())::text[]))', fenced);
  end loop;
end
$$;

revoke all on all tables in schema app from callwire_reader;
grant usage on schema app to callwire_reader;
grant select (tenant_id, id, scopes, last_used_at, revoked_at) on api_keys to callwire_reader;
grant select on calls to callwire_reader;
grant select (tenant_id, call_id, seq, hash, last_type) on call_heads to callwire_reader;
grant select (tenant_id, dialing_paused, expire_after_ms, calling_hours, cap_tenant, cap_phone,
    cap_account)
  on tenants to callwire_reader;
grant select (id, dialing_paused, paused_reason) on install to callwire_reader;
grant select (tenant_id, id, number, country, agent_id, breaker_opened_at, deleted_at) on phones
  to callwire_reader;
grant select (tenant_id, id, kind, number, app_id, stream_url, deleted_at) on agents
  to callwire_reader;
-- Sealed as they are, for the dialer alone: see who may call what, below.
grant select (tenant_id, phone_id, sid, subdomain, version, enc_api_key, enc_api_token)
  on phone_credentials to callwire_reader;
grant select (tenant_id, person_index, expires_at) on never_call to callwire_reader;

set local role callwire_batch;
grant usage on schema batch to callwire_reader;
grant execute on function batch.tenant_ids() to callwire_reader;

set local role callwire_reader;
set local search_path = reader;

-- Calls, each with its head and all that its dialing depends on, as one moment saw it. Rows beside a
-- call's are looked up by it (`offset 0`, or `limit 1` where any will do): a join, and an EXISTS for
-- many, may read all that a tenant has. The code of an open breaker is that of the last call it refused.
create function calls_to_dial(batch json) returns table (
  n integer, seq integer, hash text, last_type text, now_ms float8, due boolean,
  call_tenant_id text, call_id text, call_phone_id text, call_agent_id text, call_direction text,
  call_person_sealed text, call_person_masked text, call_person_index text, call_status text,
  call_reason_code text, call_reason_message text, call_sid text, call_fence integer,
  call_attempt integer, call_priority integer, call_record boolean,
  call_time_limit_seconds integer, call_allow_concurrent boolean, call_metadata_sealed text,
  call_created_at timestamptz, call_schedule_at timestamptz, call_due_at timestamptz,
  call_dialing_at timestamptz, call_dialed_at timestamptz, call_unknown_at timestamptz,
  call_answered_at timestamptz, call_ended_at timestamptz, call_duration_seconds integer,
  call_heard_at timestamptz, call_recording_url_sealed text, call_account_sid text,
  call_rang_first text, call_legs jsonb, call_candidates jsonb, call_words_erased_at timestamptz,
  call_number_erased_at timestamptz, call_person_kid text, call_metadata_kid text,
  call_recording_url_kid text,
  paused boolean, expire_after_ms float8, calling_hours jsonb, cap_tenant integer,
  cap_phone integer, cap_account integer, install_paused boolean, install_paused_reason text,
  phone_number text, breaker text, agent_kind text, agent_number text, agent_app_id text,
  agent_stream_url text, sid text, subdomain text, version integer, enc_api_key text,
  enc_api_token text, listed boolean, anybody_listed boolean
)
language plpgsql stable security definer set search_path = app, pg_temp
as $$
#variable_conflict use_column
begin
  return query
    select o.n, h.seq, h.hash, h.last_type, extract(epoch from now())::float8 * 1000,
      c.due_at <= now(),
      c.tenant_id, c.id, c.phone_id, c.agent_id, c.direction, c.person_sealed, c.person_masked,
      c.person_index, c.status, c.reason_code, c.reason_message, c.sid, c.fence, c.attempt,
      c.priority, c.record, c.time_limit_seconds, c.allow_concurrent, c.metadata_sealed,
      c.created_at::timestamptz, c.schedule_at::timestamptz, c.due_at::timestamptz,
      c.dialing_at::timestamptz, c.dialed_at::timestamptz, c.unknown_at::timestamptz,
      c.answered_at::timestamptz, c.ended_at::timestamptz, c.duration_seconds,
      c.heard_at::timestamptz, c.recording_url_sealed, c.account_sid, c.rang_first, c.legs,
      c.candidates, c.words_erased_at::timestamptz, c.number_erased_at::timestamptz,
      c.person_kid, c.metadata_kid, c.recording_url_kid,
      t.dialing_paused, t.expire_after_ms::float8, t.calling_hours, t.cap_tenant, t.cap_phone,
      t.cap_account, coalesce(i.dialing_paused, false), i.paused_reason,
      p.number,
      case when p.breaker_opened_at is not null then coalesce((
        select f.reason_code from calls f
        where f.tenant_id = c.tenant_id and f.phone_id = c.phone_id and f.status = 'failed'
          and f.reason_code in ('provider_auth', 'provider_forbidden')
        order by f.ended_at desc limit 1), 'provider_auth') end,
      a.kind, a.number, a.app_id, a.stream_url,
      k.sid, k.subdomain, k.version, k.enc_api_key, k.enc_api_token,
      l.listed is not null, l.listed is not null or e.anybody is not null
    from json_to_recordset(batch) as o (n integer, tenant_id text, call_id text)
      join lateral (
        select one.* from calls one
        where one.tenant_id = o.tenant_id and one.id = o.call_id
        offset 0
      ) c on true
      join lateral (
        select one.seq, one.hash, one.last_type from call_heads one
        where one.tenant_id = c.tenant_id and one.call_id = c.id
        offset 0
      ) h on true
      join lateral (
        select one.dialing_paused, one.expire_after_ms, one.calling_hours, one.cap_tenant,
          one.cap_phone, one.cap_account
        from tenants one
        where one.tenant_id = c.tenant_id
        offset 0
      ) t on true
      left join install i on true
      left join lateral (
        select one.number, one.agent_id, one.breaker_opened_at from phones one
        where one.tenant_id = c.tenant_id and one.id = c.phone_id and one.deleted_at is null
        offset 0
      ) p on true
      left join lateral (
        select one.kind, one.number, one.app_id, one.stream_url from agents one
        where one.tenant_id = c.tenant_id and one.id = coalesce(c.agent_id, p.agent_id)
          and one.deleted_at is null
        offset 0
      ) a on true
      left join lateral (
        select one.sid, one.subdomain, one.version, one.enc_api_key, one.enc_api_token
        from phone_credentials one
        where one.tenant_id = c.tenant_id and one.phone_id = c.phone_id
        offset 0
      ) k on true
      left join lateral (
        select true as listed from never_call one
        where one.tenant_id = c.tenant_id and one.person_index = c.person_index
          and (one.expires_at is null or one.expires_at > now())
        limit 1
      ) l on true
      left join lateral (
        select true as anybody from never_call one where one.tenant_id = c.tenant_id limit 1
      ) e on true;
end
$$;

-- Which attempts still hold their calls.
create function attempts_held(batch json) returns table (n integer)
language plpgsql stable security definer set search_path = app, pg_temp
as $$
#variable_conflict use_column
begin
  return query
    select o.n
    from json_to_recordset(batch) as o (n integer, tenant_id text, call_id text, fence integer)
      join lateral (
        select one.status, one.fence from calls one
        where one.tenant_id = o.tenant_id and one.id = o.call_id
        offset 0
      ) c on c.status = 'dialing' and c.fence = o.fence;
end
$$;

-- Phones that calls are to be placed from, also deleted ones, and what their tenants say about calls.
create function callers(batch json) returns table (
  n integer, number text, country text, agent_id text, deleted_at timestamptz,
  has_account boolean, calling_hours jsonb
)
language plpgsql stable security definer set search_path = app, pg_temp
as $$
#variable_conflict use_column
begin
  return query
    select o.n, p.number, p.country, p.agent_id, p.deleted_at::timestamptz, k.has is not null,
      t.calling_hours
    from json_to_recordset(batch) as o (n integer, tenant_id text, phone_id text)
      join lateral (
        select one.tenant_id, one.id, one.number, one.country, one.agent_id, one.deleted_at
        from phones one
        where one.tenant_id = o.tenant_id and one.id = o.phone_id
        offset 0
      ) p on true
      join lateral (
        select one.calling_hours from tenants one
        where one.tenant_id = p.tenant_id
        offset 0
      ) t on true
      left join lateral (
        select true as has from phone_credentials one
        where one.tenant_id = p.tenant_id and one.phone_id = p.id
        offset 0
      ) k on true;
end
$$;

-- What API keys may do and when they were used last, unless they were revoked.
create function api_keys(batch json) returns table (
  n integer, scopes jsonb, last_used_at timestamptz
)
language plpgsql stable security definer set search_path = app, pg_temp
as $$
#variable_conflict use_column
begin
  return query
    select o.n, to_jsonb(k.scopes), k.last_used_at::timestamptz
    from json_to_recordset(batch) as o (n integer, tenant_id text, key_id text)
      join lateral (
        select one.scopes, one.last_used_at from app.api_keys one
        where one.tenant_id = o.tenant_id and one.id = o.key_id and one.revoked_at is null
        offset 0
      ) k on true;
end
$$;

-- Planned once for a connection, by indexes however small a table is then, as the batches are.
do $$
declare
  item record;
begin
  for item in
    select p.oid::regprocedure as signature from pg_proc p
    where p.pronamespace = 'reader'::regnamespace
  loop
    execute format('alter function %s set plan_cache_mode = force_generic_plan set jit = off '
      'set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off',
      item.signature);
  end loop;
end
$$;

-- Who may do what -----------------------------------------------------------------------------

revoke all on schema reader from public;
revoke all on all functions in schema reader from public;
do $$
declare
  asker record;
begin
  for asker in
    select rolname from pg_roles
    where rolname in ('callwire_gateway', 'callwire_dialer', 'callwire_copilot')
  loop
    execute format('revoke all on schema reader from %I', asker.rolname);
  end loop;
end
$$;
grant usage on schema reader to callwire_gateway, callwire_dialer, callwire_copilot;
grant execute on function calls_to_dial(json), attempts_held(json) to callwire_dialer;
grant execute on function callers(json) to callwire_gateway;
grant execute on function api_keys(json) to callwire_gateway, callwire_copilot;
