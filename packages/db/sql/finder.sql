-- The only look across tenants: functions that give ids and tenant and nothing else, rebuilt
-- whenever this file changes. They are owned by callwire_finder, which cannot log in and may select
-- the columns named here alone. Due times are compared with the database's own clock.
-- Starts as callwire_owner.

do $$
declare
  item record;
begin
  for item in
    select c.relname from pg_policy p join pg_class c on c.oid = p.polrelid
    where c.relnamespace = 'app'::regnamespace and p.polname = 'finder'
  loop
    execute format('drop policy finder on app.%I', item.relname);
  end loop;
  foreach item.relname in array array['tenants', 'users', 'sessions', 'api_keys', 'phones', 'calls',
    'call_heads', 'callback_inbox', 'media_streams', 'stream_tokens', 'transcriptions',
    'phone_credentials', 'phone_checks', 'call_keys', 'idempotency_keys', 'never_call',
    'webhook_endpoints', 'webhook_secrets', 'webhook_cursors', 'webhook_deliveries', 'tenant_alerts',
    'recordings']
  loop
    execute format('create policy finder on app.%I for select to callwire_finder using (true)',
      item.relname);
  end loop;
end
$$;

revoke all on all tables in schema app from callwire_finder;
grant usage on schema app to callwire_finder;
grant select (tenant_id, is_default, is_operator, dialing_paused, expire_after_ms,
              retain_recordings_days, retain_words_days, retain_numbers_days)
  on app.tenants to callwire_finder;
grant select (id, dialing_paused) on app.install to callwire_finder;
grant select (tenant_id, id, email, last_login_at) on app.users to callwire_finder;
grant select (tenant_id, id, family_hash) on app.sessions to callwire_finder;
grant select (tenant_id, id, key_hash, revoked_at) on app.api_keys to callwire_finder;
grant select (tenant_id, id, ingest_key, phone_token_hash, deleted_at) on app.phones
  to callwire_finder;
grant select (tenant_id, id, direction, status, reason_code, sid, attempt, priority, due_at,
              dialing_at, dialed_at, unknown_at, heard_at, created_at, schedule_at, answered_at,
              ended_at, time_limit_seconds, account_sid, fence, person_kid, metadata_kid,
              recording_url_kid, words_erased_at, number_erased_at)
  on app.calls to callwire_finder;
grant select (tenant_id, call_id, seq, last_type, changed_at) on app.call_heads
  to callwire_finder;
grant select (tenant_id, id, call_id, received_at, applied_at, kid) on app.callback_inbox
  to callwire_finder;
grant select (tenant_id, id, created_at) on app.phone_checks to callwire_finder;
-- Which key a row names, never what it seals.
grant select (tenant_id, phone_id, kid) on app.phone_credentials to callwire_finder;
grant select (tenant_id, call_id, kid) on app.call_keys, app.idempotency_keys to callwire_finder;
grant select (created_at) on app.idempotency_keys to callwire_finder;
grant select (tenant_id, id, kid) on app.never_call to callwire_finder;
grant select (tenant_id, id, endpoint_id, kid, expires_at) on app.webhook_secrets
  to callwire_finder;
grant select (tenant_id, id, status, scanned_to, deleted_at) on app.webhook_endpoints
  to callwire_finder;
grant select (tenant_id, endpoint_id, call_id, seq, moved_at) on app.webhook_cursors
  to callwire_finder;
grant select (tenant_id, id, at) on app.tenant_alerts to callwire_finder;
grant select (tenant_id, id, endpoint_id, state, owned_until, due_at, finished_at)
  on app.webhook_deliveries to callwire_finder;
grant select (tenant_id, id, call_id, heartbeat_at, ended_at) on app.media_streams
  to callwire_finder;
grant select (tenant_id, id, token_hash, expires_at, burnt_at) on app.stream_tokens
  to callwire_finder;
grant select (tenant_id, call_id, state, updated_at) on app.transcriptions to callwire_finder;
grant select (tenant_id, id, call_id, kid, created_at, erased_at, removed_at) on app.recordings
  to callwire_finder;

set local role callwire_finder;
set local search_path = finder;

do $$
declare
  item record;
begin
  for item in
    select p.oid::regprocedure as signature from pg_proc p
    where p.pronamespace = 'finder'::regnamespace
  loop
    execute format('drop function %s', item.signature);
  end loop;
end
$$;

-- Accounts ------------------------------------------------------------------------------------

create function is_empty() returns boolean
language sql stable security definer set search_path = app, pg_temp
as $$ select not exists (select 1 from tenants) $$;

-- The tenant an empty install starts with, while its owner has never signed in.
create function unused_default() returns table (tenant_id text, user_id text)
language sql stable security definer set search_path = app, pg_temp
as $$
  select t.tenant_id, min(u.id)
  from tenants t join users u on u.tenant_id = t.tenant_id
  where t.is_default
  group by t.tenant_id
  having count(*) = 1 and count(u.last_login_at) = 0
$$;

create function operator_tenant() returns table (tenant_id text)
language sql stable security definer set search_path = app, pg_temp
as $$ select t.tenant_id from tenants t where t.is_operator $$;

create function tenant_count() returns integer
language sql stable security definer set search_path = app, pg_temp
as $$ select count(*)::integer from tenants $$;

create function user_by_email(address text) returns table (tenant_id text, id text)
language sql stable security definer set search_path = app, pg_temp
as $$ select u.tenant_id, u.id from users u where lower(u.email) = lower(address) $$;

create function session_by_family_hash(hash text) returns table (tenant_id text, id text)
language sql stable security definer set search_path = app, pg_temp
as $$ select s.tenant_id, s.id from sessions s where s.family_hash = hash $$;

create function api_key_by_hash(hash text) returns table (tenant_id text, id text)
language sql stable security definer set search_path = app, pg_temp
as $$
  select k.tenant_id, k.id from api_keys k where k.key_hash = hash and k.revoked_at is null
$$;

-- Calls, phones, tokens -----------------------------------------------------------------------

create function call_by_id(call text) returns table (tenant_id text)
language sql stable security definer set search_path = app, pg_temp
as $$ select c.tenant_id from calls c where c.id = call $$;

-- None when two tenants know the sid: whose it is cannot be told.
create function call_by_sid(wanted text) returns table (tenant_id text, call_id text)
language sql stable security definer set search_path = app, pg_temp
as $$
  select min(c.tenant_id), min(c.id) from calls c where c.sid = wanted having count(*) = 1
$$;

create function phone_by_id(phone text) returns table (tenant_id text)
language sql stable security definer set search_path = app, pg_temp
as $$ select p.tenant_id from phones p where p.id = phone and p.deleted_at is null $$;

create function phone_by_ingest_key(key text) returns table (tenant_id text, phone_id text)
language sql stable security definer set search_path = app, pg_temp
as $$
  select p.tenant_id, p.id from phones p where p.ingest_key = key and p.deleted_at is null
$$;

create function phone_by_token_hash(hash text) returns table (tenant_id text, phone_id text)
language sql stable security definer set search_path = app, pg_temp
as $$
  select p.tenant_id, p.id from phones p where p.phone_token_hash = hash and p.deleted_at is null
$$;

create function stream_token_by_hash(hash text) returns table (tenant_id text, id text)
language sql stable security definer set search_path = app, pg_temp
as $$
  select t.tenant_id, t.id from stream_tokens t
  where t.token_hash = hash and t.burnt_at is null and t.expires_at > now()
$$;

-- What waits for somebody ---------------------------------------------------------------------

-- Due, and not known to wait for a pause that goes on. Fair between tenants: everybody's first call
-- before anybody's second, by priority within each. While few are due they are sorted as they are;
-- of many only the first of each tenant and priority are looked at, along an index made for it.
create function due_calls(most integer)
  returns table (tenant_id text, call_id text, attempt integer)
language plpgsql stable security definer set search_path = app, pg_temp
as $$
declare
  few constant integer := 4000;
  everybody_paused constant boolean := exists (select from install i where i.dialing_paused);
begin
  if (
    select count(*) from (
      select from calls c where c.status = 'queued' and c.due_at <= now() limit few
    ) due
  ) < few then
    return query
      select due.tenant_id, due.id, due.attempt
      from (
        select c.tenant_id, c.id, c.attempt, c.due_at,
          row_number() over (partition by c.tenant_id order by c.priority desc, c.due_at, c.id) as turn
        from calls c join tenants t on t.tenant_id = c.tenant_id
        where c.status = 'queued' and c.due_at <= now()
          and (c.reason_code is distinct from 'paused'
            or not (t.dialing_paused or everybody_paused))
      ) due
      order by due.turn, due.due_at
      limit most;
    return;
  end if;
  return query
    with recursive lines (tenant_id, held, rank) as (
      (select c.tenant_id, c.reason_code is not distinct from 'paused', -c.priority
       from calls c where c.status = 'queued' order by 1, 2, 3 limit 1)
      union all
      select next.* from lines l cross join lateral (
        select c.tenant_id, c.reason_code is not distinct from 'paused', -c.priority
        from calls c
        where c.status = 'queued'
          and (c.tenant_id, c.reason_code is not distinct from 'paused', -c.priority)
            > (l.tenant_id, l.held, l.rank)
        order by 1, 2, 3 limit 1
      ) next
    )
    select due.tenant_id, due.id, due.attempt
    from (
      select d.*,
        row_number() over (partition by d.tenant_id order by d.priority desc, d.due_at, d.id) as turn
      from lines l join tenants t on t.tenant_id = l.tenant_id
      cross join lateral (
        select c.tenant_id, c.id, c.attempt, c.due_at, c.priority
        from calls c
        where c.status = 'queued' and c.tenant_id = l.tenant_id
          and (c.reason_code is not distinct from 'paused') = l.held and -c.priority = l.rank
          and c.due_at <= now()
        -- In full, as the index has it: behind the fence the planner does not see what is equal.
        order by c.tenant_id, c.reason_code is not distinct from 'paused', -c.priority,
          c.due_at, c.id
        limit most
      ) d
      where not l.held or not (t.dialing_paused or everybody_paused)
    ) due
    order by due.turn, due.due_at
    limit most;
end
$$;

-- Queued for longer past its time than its tenant lets it wait.
create function expired_calls(most integer) returns table (tenant_id text, call_id text)
language sql stable security definer set search_path = app, pg_temp
as $$
  select c.tenant_id, c.id from calls c join tenants t on t.tenant_id = c.tenant_id
  where c.status = 'queued'
    and greatest(c.schedule_at, c.created_at) < now() - t.expire_after_ms * interval '1 millisecond'
  order by c.created_at limit most
$$;

-- Going on for so much longer than the call may last at most.
create function calls_over_limit(margin_ms integer, longest_ms integer, most integer)
  returns table (tenant_id text, call_id text)
language sql stable security definer set search_path = app, pg_temp
as $$
  select c.tenant_id, c.id from calls c
  where c.status in ('ringing', 'in-progress')
    and coalesce(c.answered_at, c.dialed_at, c.dialing_at, c.created_at) < now()
      - (margin_ms + coalesce(c.time_limit_seconds * 1000, longest_ms)) * interval '1 millisecond'
  order by c.created_at limit most
$$;

-- Calls that take up a place on an account, whoever's they are; what waits for a person does not.
create function account_live_calls(account text) returns integer
language sql stable security definer set search_path = app, pg_temp
as $$
  select count(*)::integer from calls c
  where c.account_sid = account and c.status in ('dialing', 'unknown', 'ringing', 'in-progress')
    and c.reason_code is distinct from 'needs_review'
$$;

-- A key is kept while its call waits for its dial, or may go back to that, however old it is.
create function old_idempotency_keys(older_than_ms bigint, most integer)
  returns table (tenant_id text, call_id text)
language sql stable security definer set search_path = app, pg_temp
as $$
  select k.tenant_id, k.call_id from idempotency_keys k
  where k.created_at < now() - older_than_ms * interval '1 millisecond'
    and not exists (
      select from calls c
      where c.tenant_id = k.tenant_id and c.id = k.call_id and c.status in ('queued', 'dialing'))
  order by k.created_at limit most
$$;

-- Taken by a dialer that never came back. With a sid the call was placed: the poller asks then.
create function stale_dialing(older_than_ms integer, most integer)
  returns table (tenant_id text, call_id text)
language sql stable security definer set search_path = app, pg_temp
as $$
  select c.tenant_id, c.id from calls c
  where c.status = 'dialing' and c.sid is null
    and c.dialing_at < now() - older_than_ms * interval '1 millisecond'
  order by c.dialing_at limit most
$$;

-- Perhaps placed, nobody knows yet, and it is time to look: first some time after it became unknown,
-- then after as long as was waited before, at most the longest wait. What is parked for a person is
-- left alone. Fair between tenants, the one that was asked about longest ago first.
create function unknown_calls(first_ms integer, longest_ms integer, most integer)
  returns table (tenant_id text, call_id text)
language sql stable security definer set search_path = app, pg_temp
as $$
  select due.tenant_id, due.id
  from (
    select c.tenant_id, c.id, look.last_at,
      row_number() over (partition by c.tenant_id order by look.last_at, c.id) as turn
    from calls c
    cross join lateral (
      select coalesce(c.unknown_at, c.created_at) as since,
        greatest(c.heard_at, coalesce(c.unknown_at, c.created_at)) as last_at
    ) look
    where c.status = 'unknown' and c.sid is null and c.reason_code is distinct from 'needs_review'
      and look.last_at <= now() - least(
        greatest(look.last_at - look.since, first_ms * interval '1 millisecond'),
        greatest(longest_ms, first_ms) * interval '1 millisecond')
  ) due
  order by due.turn, due.last_at limit most
$$;

-- Parked until a person says what became of them.
create function parked_calls() returns integer
language sql stable security definer set search_path = app, pg_temp
as $$
  select count(*)::integer from calls c where c.status = 'unknown' and c.reason_code = 'needs_review'
$$;

-- Placed, no news, and time to ask: first some time after its last step, then after as long as was
-- waited before, at most the longest wait. Fair between tenants, the longest silent first.
create function unpolled_calls(first_ms integer, longest_ms integer, most integer)
  returns table (tenant_id text, call_id text)
language sql stable security definer set search_path = app, pg_temp
as $$
  select silent.tenant_id, silent.id
  from (
    select c.tenant_id, c.id, news.last_at,
      row_number() over (partition by c.tenant_id order by news.last_at, c.id) as turn
    from calls c
    cross join lateral (
      select coalesce(c.heard_at, c.dialed_at, c.dialing_at, c.created_at) as last_at,
        greatest(c.unknown_at, c.answered_at, c.dialed_at, c.dialing_at, c.created_at) as since
    ) news
    where c.status in ('dialing', 'unknown', 'ringing', 'in-progress')
      and c.sid is not null and c.direction = 'outbound'
      and news.last_at <= now() - least(
        greatest(news.last_at - news.since, first_ms * interval '1 millisecond'),
        greatest(longest_ms, first_ms) * interval '1 millisecond')
  ) silent
  order by silent.turn, silent.last_at limit most
$$;

create function unapplied_callbacks(older_than_ms integer, most integer)
  returns table (tenant_id text, call_id text)
language sql stable security definer set search_path = app, pg_temp
as $$
  select b.tenant_id, b.call_id from callback_inbox b
  where b.applied_at is null and b.received_at < now() - older_than_ms * interval '1 millisecond'
  group by b.tenant_id, b.call_id
  order by min(b.received_at) limit most
$$;

create function stale_streams(older_than_ms integer, most integer)
  returns table (tenant_id text, call_id text, stream_id text)
language sql stable security definer set search_path = app, pg_temp
as $$
  select m.tenant_id, m.call_id, m.id from media_streams m
  where m.ended_at is null and m.heartbeat_at < now() - older_than_ms * interval '1 millisecond'
  order by m.heartbeat_at limit most
$$;

create function pending_transcriptions(most integer)
  returns table (tenant_id text, call_id text)
language sql stable security definer set search_path = app, pg_temp
as $$
  select t.tenant_id, t.call_id from transcriptions t
  where t.state = 'pending' order by t.updated_at limit most
$$;

-- Ended, and the last fact is not a receipt.
create function unreceipted_calls(most integer) returns table (tenant_id text, call_id text)
language sql stable security definer set search_path = app, pg_temp
as $$
  select c.tenant_id, c.id
  from call_heads h join calls c on c.tenant_id = h.tenant_id and c.id = h.call_id
  where h.last_type is distinct from 'call.receipt'
    and c.status in ('completed', 'busy', 'no-answer', 'failed', 'canceled')
    and c.ended_at < now() - interval '1 second'
  order by c.ended_at limit most
$$;

-- Asked and answered long ago: nobody reads them any more.
create function old_phone_checks(older_than_ms integer, most integer)
  returns table (tenant_id text, id text)
language sql stable security definer set search_path = app, pg_temp
as $$
  select c.tenant_id, c.id from phone_checks c
  where c.created_at < now() - older_than_ms * interval '1 millisecond'
  order by c.created_at limit most
$$;

-- Of media sockets, good for nothing for so long.
create function old_stream_tokens(older_than_ms integer, most integer)
  returns table (tenant_id text, id text)
language sql stable security definer set search_path = app, pg_temp
as $$
  select t.tenant_id, t.id from stream_tokens t
  where t.expires_at < now() - older_than_ms * interval '1 millisecond'
  order by t.expires_at limit most
$$;

-- Those with something stored whose life, as they set it, is over: of calls that have ended and are
-- closed by a receipt. Days are of 24 hours, whatever the clocks of summer do.
create function tenants_past_retention() returns table (tenant_id text)
language sql stable security definer set search_path = app, pg_temp
as $$
  select t.tenant_id from tenants t
  where exists (
    select from calls c join call_heads h on h.tenant_id = c.tenant_id and h.call_id = c.id
    where c.tenant_id = t.tenant_id and c.words_erased_at is null
      and c.ended_at < now() - t.retain_words_days * interval '24 hours'
      and h.last_type = 'call.receipt'
  ) or exists (
    select from calls c join call_heads h on h.tenant_id = c.tenant_id and h.call_id = c.id
    where c.tenant_id = t.tenant_id and c.number_erased_at is null
      and c.ended_at < now() - t.retain_numbers_days * interval '24 hours'
      and h.last_type = 'call.receipt'
  ) or exists (
    select from recordings r
      join calls c on c.tenant_id = r.tenant_id and c.id = r.call_id
      join call_heads h on h.tenant_id = c.tenant_id and h.call_id = c.id
    where r.tenant_id = t.tenant_id and r.erased_at is null
      and c.ended_at < now() - t.retain_recordings_days * interval '24 hours'
      and h.last_type = 'call.receipt'
  )
  order by t.tenant_id
$$;

-- Erased, and perhaps still with objects in the store.
create function erased_recordings(most integer) returns table (tenant_id text, id text)
language sql stable security definer set search_path = app, pg_temp
as $$
  select r.tenant_id, r.id from recordings r
  where r.erased_at is not null and r.removed_at is null
  order by r.erased_at limit most
$$;

-- Webhooks ------------------------------------------------------------------------------------

create function active_webhook_endpoints() returns table (tenant_id text, id text)
language sql stable security definer set search_path = app, pg_temp
as $$
  select e.tenant_id, e.id from webhook_endpoints e
  where e.status = 'active' and e.deleted_at is null
$$;

-- Those that may have something to be told: a call of their tenant moved on past their place in it, or
-- an alert was raised, since so long before their last look; and those whose last look was not
-- noted for so long.
create function webhook_endpoints_behind(look_behind_ms integer, noted_ms integer)
  returns table (tenant_id text, id text)
language sql stable security definer set search_path = app, pg_temp
as $$
  select e.tenant_id, e.id
  from webhook_endpoints e cross join lateral (
    select e.scanned_to - look_behind_ms * interval '1 millisecond' as since
  ) look
  where e.status = 'active' and e.deleted_at is null and (
    e.scanned_to < now() - noted_ms * interval '1 millisecond'
    or exists (
      select from call_heads h left join webhook_cursors c
        on c.tenant_id = h.tenant_id and c.endpoint_id = e.id and c.call_id = h.call_id
      where h.tenant_id = e.tenant_id and h.changed_at > look.since and h.seq > coalesce(c.seq, 0)
    )
    or exists (
      select from tenant_alerts a where a.tenant_id = e.tenant_id and a.at > look.since
    )
  )
$$;

-- Fair between endpoints: everybody's first message before anybody's second, and at most `each` of
-- one. Those that have enough to do, by their own id or their tenant's, are left out. Each endpoint's
-- first few come from the index: a long line of one costs nothing.
create function due_webhook_deliveries(each integer, most integer, busy text[])
  returns table (tenant_id text, endpoint_id text, id text)
language sql stable security definer set search_path = app, pg_temp
as $$
  select due.tenant_id, due.endpoint_id, due.id
  from webhook_endpoints e cross join lateral (
    select d.tenant_id, d.endpoint_id, d.id, d.due_at,
      row_number() over (order by d.due_at, d.id) as turn
    from webhook_deliveries d
    where d.tenant_id = e.tenant_id and d.endpoint_id = e.id
      and d.state = 'pending' and d.due_at <= now()
      and (d.owned_until is null or d.owned_until < now())
    order by d.due_at, d.id limit each
  ) due
  where e.status = 'active' and e.deleted_at is null
    and not (e.id = any (busy) or e.tenant_id = any (busy))
  order by due.turn, due.due_at
  limit most
$$;

-- Done for so long, or waiting for so long for an endpoint that is off, or of one that is deleted.
create function old_webhook_deliveries(older_than_ms bigint, most integer)
  returns table (tenant_id text, id text)
language sql stable security definer set search_path = app, pg_temp
as $$
  (select d.tenant_id, d.id from webhook_deliveries d
  where d.finished_at < now() - older_than_ms * interval '1 millisecond' limit most)
  union
  (select d.tenant_id, d.id from webhook_endpoints e join webhook_deliveries d
    on d.tenant_id = e.tenant_id and d.endpoint_id = e.id
  where e.deleted_at is not null or e.status = 'disabled' and d.state = 'pending'
    and d.due_at < now() - older_than_ms * interval '1 millisecond' limit most)
$$;

-- Of calls that nothing happened to for so long before the last look, or of an endpoint that is
-- deleted.
create function old_webhook_cursors(older_than_ms bigint, most integer)
  returns table (tenant_id text, endpoint_id text, call_id text)
language sql stable security definer set search_path = app, pg_temp
as $$
  select c.tenant_id, c.endpoint_id, c.call_id
  from webhook_cursors c join webhook_endpoints e
    on e.tenant_id = c.tenant_id and e.id = c.endpoint_id
  where e.deleted_at is not null
    or c.moved_at < e.scanned_to - older_than_ms * interval '1 millisecond'
  limit most
$$;

create function expired_webhook_secrets(most integer) returns table (tenant_id text, id text)
language sql stable security definer set search_path = app, pg_temp
as $$
  select s.tenant_id, s.id from webhook_secrets s join webhook_endpoints e
    on e.tenant_id = s.tenant_id and e.id = s.endpoint_id
  where e.deleted_at is not null or s.expires_at < now()
  limit most
$$;

create function old_tenant_alerts(older_than_ms bigint, most integer)
  returns table (tenant_id text, id text)
language sql stable security definer set search_path = app, pg_temp
as $$
  select a.tenant_id, a.id from tenant_alerts a
  where a.at < now() - older_than_ms * interval '1 millisecond'
  order by a.at limit most
$$;

-- Keys ----------------------------------------------------------------------------------------

-- Where sealed text is: table, column of the key id, column of the row's id. Nothing else is ever
-- put into a statement below. Each has an index that begins with the key id, the tenant and the id.
create function sealed_place(place text) returns text[]
language plpgsql immutable security definer set search_path = app, pg_temp
as $$
begin
  case place
    when 'phone_credentials' then return array['phone_credentials', 'kid', 'phone_id'];
    when 'calls.person' then return array['calls', 'person_kid', 'id'];
    when 'calls.metadata' then return array['calls', 'metadata_kid', 'id'];
    when 'calls.recording_url' then return array['calls', 'recording_url_kid', 'id'];
    when 'call_keys' then return array['call_keys', 'kid', 'call_id'];
    when 'callback_inbox' then return array['callback_inbox', 'kid', 'id'];
    when 'idempotency_keys' then return array['idempotency_keys', 'kid', 'call_id'];
    when 'never_call' then return array['never_call', 'kid', 'id'];
    when 'recordings' then return array['recordings', 'kid', 'id'];
    when 'webhook_secrets' then return array['webhook_secrets', 'kid', 'id'];
    else raise exception 'no such place' using errcode = '22023';
  end case;
end
$$;

-- The key ids of one place. Each step asks the index for the next id after the last one: as many
-- looks as there are keys, however many rows there are.
create function key_ids_of(place text) returns table (kid text)
language plpgsql stable security definer set search_path = app, pg_temp
as $$
declare
  at constant text[] := finder.sealed_place(place);
begin
  return query execute format(
    'with recursive found (kid) as (
      (select t.%2$I from %1$I t where t.%2$I is not null order by t.%2$I limit 1)
      union all
      select (select t.%2$I from %1$I t where t.%2$I > f.kid order by t.%2$I limit 1)
      from found f where f.kid is not null
    ) select f.kid from found f where f.kid is not null', at[1], at[2]);
end
$$;

create function key_ids() returns table (place text, kid text)
language sql stable security definer set search_path = app, pg_temp
as $$
  select p.place, k.kid
  from unnest(array['phone_credentials', 'calls.person', 'calls.metadata', 'calls.recording_url',
    'call_keys', 'callback_inbox', 'idempotency_keys', 'never_call', 'recordings',
    'webhook_secrets']) as p (place)
  cross join lateral finder.key_ids_of(p.place) k
$$;

create function key_rows(place text, kid text) returns integer
language plpgsql stable security definer set search_path = app, pg_temp
as $$
declare
  at constant text[] := finder.sealed_place(place);
  found integer;
begin
  execute format('select count(*)::integer from %1$I t where t.%2$I = $1', at[1], at[2])
    into found using kid;
  return found;
end
$$;

-- The rows of a place that name this key, or all of them, after a row, in the order of tenant and id.
-- Where something sealed must stand, all are all, and what was put there that names no key is found
-- out; a call whose number was erased has nothing to stand there. Elsewhere they are the first few of every key, merged: a walk along the index too.
create function sealed_rows(place text, kid text, after_tenant text, after_id text, most integer)
  returns table (tenant_id text, id text)
language plpgsql stable security definer set search_path = app, pg_temp
as $$
declare
  at constant text[] := finder.sealed_place(place);
  wanted constant text[] := case when kid is null
    then array(select k.kid from finder.key_ids_of(place) k) else array[kid] end;
begin
  if kid is null
    and place in ('phone_credentials', 'calls.person', 'call_keys', 'callback_inbox', 'never_call',
      'webhook_secrets') then
    return query execute format(
      'select t.tenant_id, t.%2$I from %1$I t where (t.tenant_id, t.%2$I) > ($1, $2) %3$s
      order by t.tenant_id, t.%2$I limit $3', at[1], at[3],
      case place when 'calls.person' then 'and t.number_erased_at is null' else '' end)
      using after_tenant, after_id, most;
    return;
  end if;
  return query execute format(
    'select r.tenant_id, r.id from unnest($1) as k (kid) cross join lateral (
      select t.tenant_id, t.%3$I as id from %1$I t
      where t.%2$I = k.kid and (t.tenant_id, t.%3$I) > ($2, $3)
      order by t.tenant_id, t.%3$I limit $4
    ) r order by r.tenant_id, r.id limit $4', at[1], at[2], at[3])
    using wanted, after_tenant, after_id, most;
end
$$;

-- Calls that are still going on and were being dialed before this moment.
create function open_calls_dialed_before(moment timestamptz) returns integer
language sql stable security definer set search_path = app, pg_temp
as $$
  select count(*)::integer from calls c
  where c.ended_at is null and coalesce(c.dialing_at, c.dialed_at) < moment
$$;

-- Who may ask what ----------------------------------------------------------------------------

revoke all on all functions in schema finder from public;
revoke all on schema finder from public;
do $$
declare
  asker record;
begin
  for asker in
    select rolname from pg_roles
    where rolname in ('callwire_owner', 'callwire_gateway', 'callwire_ingest', 'callwire_dialer',
                      'callwire_transcriber', 'callwire_copilot', 'callwire_courier',
                      'callwire_backup')
  loop
    execute format('revoke all on schema finder from %I', asker.rolname);
  end loop;
end
$$;
grant usage on schema finder to callwire_owner, callwire_gateway, callwire_ingest, callwire_dialer,
  callwire_transcriber, callwire_copilot, callwire_courier;

grant execute on function is_empty(), unused_default(), user_by_email(text), operator_tenant()
  to callwire_owner;
grant execute on function is_empty(), user_by_email(text), session_by_family_hash(text),
  api_key_by_hash(text), call_by_id(text), call_by_sid(text), phone_by_token_hash(text)
  to callwire_gateway;
grant execute on function api_key_by_hash(text) to callwire_copilot;
grant execute on function call_by_id(text), call_by_sid(text), phone_by_id(text),
  phone_by_ingest_key(text), phone_by_token_hash(text), stream_token_by_hash(text)
  to callwire_ingest;
grant execute on function call_by_id(text), due_calls(integer), stale_dialing(integer, integer),
  unknown_calls(integer, integer, integer), parked_calls(),
  unpolled_calls(integer, integer, integer), unapplied_callbacks(integer, integer),
  stale_streams(integer, integer), pending_transcriptions(integer), unreceipted_calls(integer),
  expired_calls(integer), calls_over_limit(integer, integer, integer), account_live_calls(text),
  old_idempotency_keys(bigint, integer), tenants_past_retention(), erased_recordings(integer)
  to callwire_dialer;
grant execute on function active_webhook_endpoints(),
  webhook_endpoints_behind(integer, integer),
  due_webhook_deliveries(integer, integer, text[]), old_webhook_deliveries(bigint, integer),
  old_webhook_cursors(bigint, integer), expired_webhook_secrets(integer),
  old_tenant_alerts(bigint, integer)
  to callwire_courier;
grant execute on function call_by_id(text), pending_transcriptions(integer) to callwire_transcriber;

grant execute on function tenant_count() to callwire_gateway, callwire_dialer;
grant execute on function key_ids(), key_rows(text, text)
  to callwire_owner, callwire_gateway, callwire_ingest, callwire_dialer, callwire_transcriber,
  callwire_courier;
grant execute on function sealed_rows(text, text, text, text, integer)
  to callwire_dialer, callwire_courier;
grant execute on function old_phone_checks(integer, integer) to callwire_dialer;
grant execute on function old_stream_tokens(integer, integer) to callwire_dialer;
grant execute on function open_calls_dialed_before(timestamptz)
  to callwire_owner, callwire_gateway, callwire_dialer;
