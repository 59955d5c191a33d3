-- Who may do what: the whole of it, rebuilt in one transaction whenever this file changes.
-- Run as callwire_owner with search_path app.

-- Forget what an earlier version of this file said.
do $$
declare
  item record;
begin
  for item in
    select p.polname, c.relname
    from pg_policy p join pg_class c on c.oid = p.polrelid
    where c.relnamespace = 'app'::regnamespace and p.polname in ('tenant', 'owner', 'backup')
  loop
    execute format('drop policy %I on app.%I', item.polname, item.relname);
  end loop;
  for item in
    select rolname from pg_roles
    where rolname in ('callwire_gateway', 'callwire_ingest', 'callwire_dialer',
                      'callwire_transcriber', 'callwire_copilot', 'callwire_courier',
                      'callwire_backup')
  loop
    execute format('revoke all on all tables in schema app from %I', item.rolname);
    execute format('revoke all on schema app from %I', item.rolname);
  end loop;
end
$$;
revoke all on schema app from public;
revoke all on all tables in schema app from public;
revoke all on all functions in schema app from public;

grant usage on schema app to callwire_gateway, callwire_ingest, callwire_dialer,
  callwire_transcriber, callwire_copilot, callwire_courier, callwire_backup;
grant execute on function app.tenant_id(), app.is_id(text, text) to callwire_gateway,
  callwire_ingest, callwire_dialer, callwire_transcriber, callwire_copilot, callwire_courier;
-- What the tables that a call is written to ask of a row.
grant execute on function app.has_id(text, text), app.is_hash(text), app.is_head(integer, text),
  app.is_call(text, text, text, text, text, text, text, integer, integer, text, integer, text, text,
    jsonb, jsonb, timestamptz),
  app.is_event(integer, text, text, text, text, text, text, boolean),
  app.is_audit(text, text, jsonb), app.is_stream_token(text, text)
  to callwire_gateway, callwire_ingest, callwire_dialer, callwire_transcriber, callwire_courier;

-- The fence: every table with a tenant_id, no exception, for every service and for the owner, whose
-- only use of it is to make tenants. The backup alone sees every tenant's rows, and changes none.
do $$
declare
  fenced record;
  mine constant text := 'tenant_id = (select app.tenant_id())';
begin
  for fenced in
    select c.relname
    from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = 'app'::regnamespace and c.relkind in ('r', 'p')
      and a.attname = 'tenant_id' and not a.attisdropped
  loop
    execute format('alter table app.%I enable row level security, force row level security',
      fenced.relname);
    execute format('create policy tenant on app.%I to callwire_gateway, callwire_ingest, '
      'callwire_dialer, callwire_transcriber, callwire_copilot, callwire_courier '
      'using (%s) with check (%s)', fenced.relname, mine, mine);
    execute format('create policy backup on app.%I for select to callwire_backup using (true)',
      fenced.relname);
  end loop;
  foreach fenced.relname in array array['tenants', 'users', 'sessions', 'api_keys', 'audit_log'] loop
    execute format('create policy owner on app.%I to callwire_owner using (%s) with check (%s)',
      fenced.relname, mine, mine);
  end loop;
end
$$;

-- Accounts ------------------------------------------------------------------------------------
grant select,
  update (name, dialing_paused, expire_after_ms, cap_tenant, cap_phone, cap_account, calling_hours,
          cap_streams, retain_audio_days, retain_recordings_days, retain_words_days,
          retain_numbers_days)
  on tenants to callwire_gateway;
grant select on tenants to callwire_dialer, callwire_transcriber;
grant select (tenant_id, cap_streams, retain_audio_days) on tenants to callwire_ingest;
-- The install's, not a tenant's. A person pauses everybody through the gateway; the dialer obeys.
grant select, insert, update (dialing_paused, paused_reason, changed_at) on install
  to callwire_gateway;
grant select on install to callwire_dialer;
grant select, insert, update (email, password_hash, role, status, must_change_password, last_login_at),
  delete on users to callwire_gateway;
grant select (tenant_id, id, role, status, must_change_password) on users to callwire_copilot;
grant select, insert, update (refresh_hash, expires_at, revoked_at), delete on sessions
  to callwire_gateway;
grant select (tenant_id, id, user_id, expires_at, revoked_at) on sessions to callwire_copilot;
grant select, insert, update (last_used_at, revoked_at) on api_keys to callwire_gateway;
grant select (tenant_id, id, scopes, revoked_at) on api_keys to callwire_copilot;

-- Phones and agents ---------------------------------------------------------------------------
grant select, insert, update (name, kind, number, app_id, stream_url, deleted_at) on agents
  to callwire_gateway;
grant select on agents to callwire_ingest, callwire_dialer;
grant select, insert,
  update (tags, agent_id, keep_recording, auth_failures, breaker_opened_at, ingest_key,
          ingest_token_hash, phone_token_hash, status, country, deleted_at)
  on phones to callwire_gateway;
grant select on phones to callwire_ingest;
grant select, update (auth_failures, breaker_opened_at) on phones to callwire_dialer;
grant select (tenant_id, id, number, country, agent_id, keep_recording, deleted_at) on phones
  to callwire_transcriber;
grant select (tenant_id, id, number, country, agent_id, deleted_at) on phones to callwire_copilot;

-- The gateway puts credentials in and cannot read them back; the dialer alone can, and seals them
-- anew under another key.
grant select (tenant_id, phone_id, sid, subdomain, version, updated_at), insert, delete,
  update (sid, subdomain, version, enc_api_key, enc_api_token, updated_at)
  on phone_credentials to callwire_gateway;
grant select, update (enc_api_key, enc_api_token) on phone_credentials to callwire_dialer;

grant select, insert on phone_checks to callwire_gateway;
grant select, delete,
  update (state, code, message, retry_after_s, finished_at, active_streams, stream_limit)
  on phone_checks
  to callwire_dialer;

-- Calls ---------------------------------------------------------------------------------------
grant select, insert on calls to callwire_gateway, callwire_ingest;
grant select on calls to callwire_dialer;
grant update (status, reason_code, reason_message, sid, fence, attempt, due_at, dialing_at,
              dialed_at, unknown_at, answered_at, ended_at, duration_seconds, heard_at)
  on calls to callwire_gateway, callwire_ingest, callwire_dialer;
grant update (recording_url_sealed, person_sealed, person_masked, person_index, metadata_sealed,
              account_sid, rang_first, legs, candidates, words_erased_at, number_erased_at)
  on calls to callwire_dialer;
-- A person's answer for a parked call.
grant update (candidates) on calls to callwire_gateway;
grant select, insert, delete,
  update (person_sealed, person_masked, person_index, reason, expires_at, created_by, created_at)
  on never_call to callwire_gateway;
grant select, delete, update (person_sealed, person_index) on never_call to callwire_dialer;
-- No tenant's: an account may be of several.
grant select, insert, delete on account_requests to callwire_dialer;
-- Without the other person's number and the metadata, sealed as they are.
grant select (tenant_id, id, phone_id, agent_id, direction, person_masked, status, reason_code,
              reason_message, sid, fence, attempt, priority, record, time_limit_seconds,
              allow_concurrent, created_at, schedule_at, due_at, dialing_at, dialed_at, unknown_at,
              answered_at, ended_at, duration_seconds, heard_at, words_erased_at)
  on calls to callwire_transcriber, callwire_copilot;

grant select, insert on call_keys to callwire_gateway, callwire_ingest;
grant select on call_keys to callwire_dialer, callwire_transcriber;
grant update (wrapped), delete on call_keys to callwire_dialer;

-- The ledger: facts are added, never changed; words whose time is up are erased from them.
grant select, insert, update (seq, hash, last_type, changed_at) on call_heads
  to callwire_gateway, callwire_ingest, callwire_dialer, callwire_transcriber;
grant select, insert on call_events
  to callwire_gateway, callwire_ingest, callwire_dialer, callwire_transcriber;
grant select on call_heads, call_events to callwire_copilot;
grant insert on call_secrets
  to callwire_gateway, callwire_ingest, callwire_dialer, callwire_transcriber;
grant select on call_secrets to callwire_gateway;
grant update (data, salt, erased) on call_events to callwire_dialer;
grant select (tenant_id, call_id, seq, field), delete on call_secrets to callwire_dialer;

-- Media ---------------------------------------------------------------------------------------
grant select on media_streams, transcriptions
  to callwire_gateway, callwire_ingest, callwire_dialer, callwire_transcriber;
grant insert,
  update (stream_sid, sample_rate, clock_ms, started_at, heartbeat_at, ended_at, frames, audio_ms,
          duplicated, rewound, gaps, clock_start_ms, frames_per_second, buffered_ms)
  on media_streams to callwire_ingest;
grant update (heartbeat_at, ended_at, clock_ms, gaps) on media_streams to callwire_dialer;
grant insert, update (state, fence, acked_id, acked_ms, updated_at) on transcriptions
  to callwire_ingest, callwire_transcriber;
grant select, insert, update (burnt_at, call_id) on stream_tokens to callwire_ingest;
grant select, insert, delete on stream_tokens to callwire_dialer;
grant select on stream_tokens to callwire_gateway;

-- The transcriber records, the gateway plays, the dialer erases; the objects lie in a store.
grant select, insert, update (recorded_ms, finished_at) on recordings to callwire_transcriber;
grant select, insert on recording_parts to callwire_transcriber;
grant select on recordings, recording_parts to callwire_gateway;
grant select, delete, update (wrapped, erased_at, removed_at) on recordings to callwire_dialer;
grant select, delete on recording_parts to callwire_dialer;

-- The gateway's own ---------------------------------------------------------------------------
grant select, insert, delete on idempotency_keys to callwire_gateway;
grant update (fingerprint, call_id, status, created_at) on idempotency_keys to callwire_gateway;
grant select (tenant_id, call_id, fingerprint, kid, created_at), update (fingerprint), delete
  on idempotency_keys to callwire_dialer;
grant select, insert on callback_inbox to callwire_gateway;
grant select, update (applied_at, outcome, body_sealed, news_hash), delete on callback_inbox
  to callwire_dialer;
grant select, insert on audit_log to callwire_gateway;
grant insert on audit_log
  to callwire_ingest, callwire_dialer, callwire_transcriber, callwire_courier;

-- Webhooks ------------------------------------------------------------------------------------
-- The gateway puts secrets in and cannot read them back; the courier alone can. What a message says
-- is read from the ledger when it is sent.
grant select, insert on tenant_alerts to callwire_gateway, callwire_ingest, callwire_dialer,
  callwire_courier;
grant delete on tenant_alerts to callwire_courier;
grant select, insert,
  update (url, description, event_types, status, disabled_reason, failing_since, deleted_at, starts_at,
          scanned_to)
  on webhook_endpoints to callwire_gateway;
grant select, update (status, disabled_reason, failing_since, scanned_to) on webhook_endpoints
  to callwire_courier;
grant select (tenant_id, id, endpoint_id, created_at, expires_at, kid), insert, delete,
  update (expires_at) on webhook_secrets to callwire_gateway;
grant select, delete, update (sealed) on webhook_secrets to callwire_courier;
grant select, insert, delete, update (seq, moved_at) on webhook_cursors to callwire_courier;
grant select, insert, delete,
  update (state, attempts, owner, owned_until, due_at, last_attempt_at, last_status, last_error,
          finished_at)
  on webhook_deliveries to callwire_courier;
grant select, insert,
  update (state, attempts, owner, owned_until, due_at, finished_at) on webhook_deliveries
  to callwire_gateway;
grant select on call_heads, call_events to callwire_courier;

-- The life of keys ----------------------------------------------------------------------------
-- The install's, not a tenant's: no fence, and for the services that hold rings alone. A person
-- moves keys through the gateway; the dialer does the work of it.
grant select on key_state, key_jobs
  to callwire_gateway, callwire_ingest, callwire_dialer, callwire_transcriber, callwire_courier;
grant insert, update (promoted_at, retired_at, is_primary) on key_state to callwire_gateway;
grant select, insert on key_checks
  to callwire_gateway, callwire_ingest, callwire_dialer, callwire_transcriber, callwire_courier;
grant select, insert, delete, update (service, kids, primary_kid, beat_at) on key_holders
  to callwire_gateway, callwire_ingest, callwire_dialer, callwire_transcriber, callwire_courier;
grant insert (id, kind, to_kid, total), update (state) on key_jobs to callwire_gateway;
grant insert (id, kind, to_kid, total),
  update (state, total, done, failed, failed_rows, place, after_tenant, after_id, owner, beat_at,
          busy_ms, finished_at)
  on key_jobs to callwire_dialer, callwire_courier;

-- Backup ----------------------------------------------------------------------------------------
-- All that is stored, sealed as it is, and nothing but reading.
grant select on all tables in schema app to callwire_backup;
