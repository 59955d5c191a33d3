-- The rules of the tables that every call is written to, in a form that costs less to keep. Each
-- CHECK is planned anew by every statement that writes, and a regular expression over an id or a
-- hash builds its automaton at every look. So the rules of a table are one function here, which a
-- connection plans once. What is refused is the same as before.
-- Run as callwire_owner with search_path app.

-- SHA-256 in lower-case hex.
create function app.is_hash(hash text) returns boolean
language plpgsql immutable parallel safe strict
as $$ begin return length(hash) = 64 and translate(hash, '0123456789abcdef', '') = ''; end $$;

-- As app.is_id, which is planned into each statement anew.
create function app.has_id(prefix text, id text) returns boolean
language plpgsql immutable parallel safe strict
as $$
begin
  return length(id) = length(prefix) + 25 and starts_with(id, prefix || '_')
    and translate(right(id, 24), '0123456789abcdefghjkmnpqrstvwxyz', '') = '';
end
$$;

-- As with CHECKs each for themselves, what is null breaks no rule that does not speak of null.
create function app.is_call(
  id text, direction text, person_sealed text, person_masked text, person_index text, status text,
  sid text, priority integer, time_limit_seconds integer, metadata_sealed text,
  duration_seconds integer, recording_url_sealed text, account_sid text, legs jsonb,
  candidates jsonb, number_erased_at timestamptz
) returns boolean
language plpgsql immutable parallel safe
as $$
begin
  return app.has_id('cal', id)
    and direction in ('outbound', 'inbound')
    and starts_with(person_sealed, 'cw1d.')
    and not (length(person_masked) >= 4
      and translate(right(person_masked, 4), '0123456789', '') = '')
    and person_index <> ''
    and status in ('queued', 'dialing', 'unknown', 'ringing', 'in-progress', 'completed', 'busy',
      'no-answer', 'failed', 'canceled')
    and sid <> ''
    and priority between 0 and 9
    and time_limit_seconds between 1 and 14400
    and starts_with(metadata_sealed, 'cw1d.')
    and duration_seconds >= 0
    and left(recording_url_sealed, 5) in ('cw1d.', 'cw1e.')
    and account_sid <> ''
    and jsonb_typeof(legs) = 'array' and jsonb_array_length(legs) <= 8
    and jsonb_typeof(candidates) = 'array' and jsonb_array_length(candidates) <= 50
    and case when number_erased_at is null
        then person_sealed is not null and person_index is not null
        else person_sealed is null and person_index is null and metadata_sealed is null end;
end
$$;
alter table calls
  drop constraint calls_id_check, drop constraint calls_direction_check,
  drop constraint calls_person_sealed_check, drop constraint calls_person_masked_check,
  drop constraint calls_person_index_check, drop constraint calls_status_check,
  drop constraint calls_sid_check, drop constraint calls_priority_check,
  drop constraint calls_time_limit_seconds_check, drop constraint calls_metadata_sealed_check,
  drop constraint calls_duration_seconds_check, drop constraint calls_recording_url_sealed_check,
  drop constraint calls_account_sid_check, drop constraint calls_legs_check,
  drop constraint calls_candidates_check, drop constraint calls_number_erased,
  add constraint calls_hold check (app.is_call(id, direction, person_sealed, person_masked,
    person_index, status, sid, priority, time_limit_seconds, metadata_sealed, duration_seconds,
    recording_url_sealed, account_sid, legs, candidates, number_erased_at));

create function app.is_event(
  seq integer, id text, type text, data text, salt text, commit text, hash text, erased boolean
) returns boolean
language plpgsql immutable parallel safe
as $$
begin
  return seq >= 1 and app.has_id('evt', id) and type ~ '^[a-z]+(\.[a-z_]+)?$'
    and app.is_hash(commit) and app.is_hash(hash)
    and case when erased then data is null and salt is null
        else data is not null and length(salt) = 22 and translate(salt,
          'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-', '') = '' end;
end
$$;
alter table call_events
  drop constraint call_events_seq_check, drop constraint call_events_id_check,
  drop constraint call_events_type_check, drop constraint call_events_commit_check,
  drop constraint call_events_hash_check, drop constraint call_events_erased,
  add constraint call_events_hold
    check (app.is_event(seq, id, type, data, salt, commit, hash, erased));

create function app.is_head(seq integer, hash text) returns boolean
language plpgsql immutable parallel safe
as $$ begin return seq >= 0 and app.is_hash(hash); end $$;
alter table call_heads
  drop constraint call_heads_seq_check, drop constraint call_heads_hash_check,
  add constraint call_heads_hold check (app.is_head(seq, hash));

create function app.is_audit(id text, actor_kind text, details jsonb) returns boolean
language plpgsql immutable parallel safe
as $$
begin
  return app.has_id('aud', id) and actor_kind in ('user', 'api_key', 'service', 'operator')
    and jsonb_typeof(details) = 'object';
end
$$;
alter table audit_log
  drop constraint audit_log_id_check, drop constraint audit_log_actor_kind_check,
  drop constraint audit_log_details_check,
  add constraint audit_log_hold check (app.is_audit(id, actor_kind, details));

create function app.is_stream_token(id text, token_hash text) returns boolean
language plpgsql immutable parallel safe
as $$ begin return app.has_id('tok', id) and app.is_hash(token_hash); end $$;
alter table stream_tokens
  drop constraint stream_tokens_id_check, drop constraint stream_tokens_token_hash_check,
  add constraint stream_tokens_hold check (app.is_stream_token(id, token_hash));

-- What another foreign key of the same row says as well: a phone, and a call, are of a tenant.
alter table calls drop constraint calls_tenant_id_fkey;
alter table idempotency_keys drop constraint idempotency_keys_tenant_id_fkey;

-- One index finds a sid within its tenant and across tenants.
drop index calls_sid, calls_any_sid;
create unique index calls_sid on calls (sid, tenant_id) where sid is not null;
