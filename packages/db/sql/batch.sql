-- What is written for several tenants' calls in one transaction: a call that is placed, an attempt
-- that begins, the Sid that answers it, rebuilt whenever this file changes. Under load each of these
-- costs a third of what one transaction for each call costs. The functions are owned by
-- callwire_batch, which cannot log in, and are fenced like everybody: they see and write the rows of
-- the tenants that the transaction names, and of no other.
-- A batch is planned once for a connection, by indexes however small a table is then: planned anew, it
-- would cost as much as all that it does.
-- Starts as callwire_owner.

do $$
declare
  item record;
begin
  for item in
    -- The reader's have the same fence, and are made anew behind it.
    select c.relname, p.polname from pg_policy p join pg_class c on c.oid = p.polrelid
    where c.relnamespace = 'app'::regnamespace and p.polname in ('batch', 'reader')
  loop
    execute format('drop policy %I on app.%I', item.polname, item.relname);
  end loop;
end
$$;

set local role callwire_batch;
set local search_path = batch;

do $$
declare
  item record;
begin
  for item in
    select p.oid::regprocedure as signature from pg_proc p
    where p.pronamespace = 'batch'::regnamespace
  loop
    execute format('drop function %s', item.signature);
  end loop;
end
$$;

-- The tenants of this transaction: of a batch, or the one. Raises when there is none. Every table of a
-- statement asks it once: a search_path of its own would cost more than all else in it, and whatever
-- it names is named whole instead.
create function tenant_ids() returns text[]
language plpgsql stable parallel safe
as $$
declare
  tenants pg_catalog.text := pg_catalog.current_setting('app.tenants', true);
begin
  if tenants is null or pg_catalog.length(tenants) operator(pg_catalog.=) 0 then
    tenants := pg_catalog.current_setting('app.tenant', true);
    if tenants is null or pg_catalog.length(tenants) operator(pg_catalog.=) 0 then
      raise exception 'no tenant is set' using errcode = '42501';
    end if;
  end if;
  return pg_catalog.string_to_array(tenants, ',');
end
$$;

revoke all on schema batch from public;
grant usage on schema batch to callwire_owner;
grant execute on function tenant_ids() to callwire_owner;

set local role callwire_owner;
set local search_path = app;

do $$
declare
  fenced text;
  named constant text := 'tenant_id = any ((select batch.tenant_ids())::text[])';
begin
  foreach fenced in array array['calls', 'call_heads', 'call_events', 'call_keys', 'audit_log',
    'idempotency_keys', 'never_call', 'stream_tokens', 'phones']
  loop
    execute format('create policy batch on app.%I to callwire_batch using (%s) with check (%s)',
      fenced, named, named);
  end loop;
end
$$;

revoke all on all tables in schema app from callwire_batch;
grant usage on schema app to callwire_batch;
grant execute on function app.is_id(text, text), app.has_id(text, text), app.is_hash(text),
  app.is_head(integer, text),
  app.is_call(text, text, text, text, text, text, text, integer, integer, text, integer, text, text,
    jsonb, jsonb, timestamptz),
  app.is_event(integer, text, text, text, text, text, text, boolean),
  app.is_audit(text, text, jsonb), app.is_stream_token(text, text)
  to callwire_batch;
grant insert, select (tenant_id, id, phone_id, person_index, status, fence, sid, dialed_at, created_at,
    due_at),
  update (status, reason_code, reason_message, fence, account_sid, rang_first, dialing_at, ended_at,
    sid, dialed_at, heard_at)
  on calls to callwire_batch;
grant insert, select (tenant_id, call_id, seq, hash), update (seq, hash, last_type, changed_at)
  on call_heads to callwire_batch;
grant insert on call_events, call_keys, audit_log, stream_tokens, account_requests
  to callwire_batch;
grant insert, select (tenant_id, route, key, fingerprint, call_id, status, created_at),
  update (fingerprint, call_id, status, created_at)
  on idempotency_keys to callwire_batch;
grant select (tenant_id, id, person_index, expires_at) on never_call to callwire_batch;
grant select (tenant_id, id, auth_failures), update (auth_failures) on phones to callwire_batch;

set local role callwire_batch;
set local search_path = batch;

-- Stores calls, each with its key's claim, head, first event, data key and audit, or, where
-- something stands in a call's way, nothing of it, and says what. Those that share a turn (an
-- idempotency key, a person) go one after the other, because rows that are not there yet cannot be
-- locked: one call alone waits for its turns; of several, those whose turns are taken are left out
-- of the answer.
create function place_calls(batch json, key_life_ms bigint) returns table (
  call_id text, live_id text, listed_id text, listed_until timestamptz, created_at timestamptz,
  due_at timestamptz
)
language plpgsql volatile security definer
set search_path = app, pg_temp
set lock_timeout = '2s'
set plan_cache_mode = force_generic_plan set jit = off
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
#variable_conflict use_column
declare
  ours text[];
begin
  if json_array_length(batch) = 1 then
    perform count(pg_advisory_xact_lock(hashtextextended(turn, 0)))
    from json_array_elements_text(batch -> 0 -> 'turns') as one (turn);
    ours := array[batch -> 0 ->> 'call_id'];
  else
    ours := array(
      select taken.call_id
      from (
        -- Some calls take no turn: their key is none, and they may go beside any other.
        select o.call_id, one.turn is null
          or pg_try_advisory_xact_lock(hashtextextended(one.turn, 0))
            and row_number() over (partition by one.turn order by o.call_id) = 1 as had
        from json_to_recordset(batch) as o (call_id text, turns text[])
          left join unnest(o.turns) as one (turn) on true
      ) taken
      group by taken.call_id having bool_and(taken.had));
  end if;
  -- A statement of its own: it sees what those before it in line have committed.
  return query
    with o as materialized (
      select * from json_to_recordset(batch) as o (
        tenant_id text, call_id text, phone_id text, agent_id text, person_sealed text,
        person_masked text, person_index text, entries text[], priority integer, record boolean,
        time_limit_seconds integer, allow_concurrent boolean, metadata_sealed text,
        schedule_at timestamptz, dialed_from timestamptz, wrapped text, audit_id text,
        actor_kind text, actor_id text, details jsonb, event_id text, event_type text,
        event_at timestamptz, event_data text, salt text, commit text, hash text, route text,
        key text, fingerprint text)
      where o.call_id = any (ours)
    ), looked as materialized (
      select o.*, live.id as live_id, listed.id as listed_id, listed.expires_at as listed_until
      from o
      left join lateral (
        select id from (
          -- By the person, who has few calls: a tenant may have many under way.
          select c.id, c.status from calls c
          where c.tenant_id = o.tenant_id and c.person_index = any (o.entries)
          offset 0
        ) of_person
        where of_person.status in ('queued', 'dialing', 'unknown', 'ringing', 'in-progress')
          and not o.allow_concurrent
        limit 1
      ) live on true
      left join lateral (
        select n.id, n.expires_at from never_call n
        where n.tenant_id = o.tenant_id and n.person_index = any (o.entries)
          and (n.expires_at is null or n.expires_at > o.dialed_from)
        limit 1
      ) listed on true
    ), free as (
      select * from looked where live_id is null and listed_id is null
    ), claimed as (
      insert into idempotency_keys as k (tenant_id, route, key, fingerprint, call_id, status)
      select tenant_id, route, key, fingerprint, call_id, 202 from free where key is not null
      on conflict (tenant_id, route, key) do update
        set fingerprint = excluded.fingerprint, call_id = excluded.call_id,
          status = excluded.status, created_at = now()
        -- Its life is over, whether or not it was swept away.
        where k.created_at < now() - key_life_ms * interval '1 ms'
          and not exists (
            select from calls c
            where c.tenant_id = k.tenant_id and c.id = k.call_id
              and c.status in ('queued', 'dialing'))
      returning k.call_id
    ), allowed as (
      select * from free
      where key is null or call_id in (select claimed.call_id from claimed)
    ), head as (
      insert into call_heads (tenant_id, call_id, seq, hash, last_type)
      select tenant_id, call_id, 1, hash, event_type from allowed
    ), event as (
      insert into call_events
        (tenant_id, call_id, seq, id, type, at, data, salt, commit, hash)
      select tenant_id, call_id, 1, event_id, event_type, event_at, event_data, salt, commit, hash
      from allowed
    ), data_key as (
      insert into call_keys (tenant_id, call_id, wrapped)
      select tenant_id, call_id, wrapped from allowed
    ), audited as (
      insert into audit_log
        (tenant_id, id, actor_kind, actor_id, action, target_kind, target_id, details)
      select tenant_id, audit_id, actor_kind, actor_id, 'call.placed', 'call', call_id, details
      from allowed
    ), made as (
      insert into calls (tenant_id, id, phone_id, agent_id, direction, person_sealed,
        person_masked, person_index, status, priority, record, time_limit_seconds,
        allow_concurrent, metadata_sealed, schedule_at, due_at)
      select tenant_id, call_id, phone_id, agent_id, 'outbound', person_sealed, person_masked,
        person_index, 'queued', priority, record, time_limit_seconds, allow_concurrent,
        metadata_sealed, schedule_at,
        -- A past one means now: nobody is dialed before those who were here first.
        greatest(schedule_at, now())
      from allowed
      returning id, created_at, due_at
    )
    select l.call_id, l.live_id, l.listed_id, l.listed_until, m.created_at, m.due_at
    from looked l left join made m on m.id = l.call_id;
end
$$;

-- The compare-and-swap of calls from `queued` to `dialing`, each with all that has to be written down
-- before its request. Takes effect for those that still are as they were seen, head and fence, and
-- gives these; of the others nothing is changed. The head's lock comes first here, too; a call whose
-- head is another's at the moment is left out: its neighbours have 2 s, and must not wait for it.
create function begin_dials(batch json) returns table (call_id text)
language plpgsql volatile security definer
set search_path = app, pg_temp
set plan_cache_mode = force_generic_plan set jit = off
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
#variable_conflict use_column
begin
  return query
    with o as materialized (
      select * from json_to_recordset(batch) as o (
        tenant_id text, call_id text, phone_id text, fence integer, account_sid text,
        rang_first text, at timestamptz, event_seq integer, event_id text, event_at timestamptz,
        event_data text, event_salt text, event_commit text, event_hash text, head_hash text,
        token_id text, token_hash text, expires_at timestamptz, audit_id text, details jsonb,
        request_id text)
    ), held as materialized (
      select h.tenant_id, h.call_id, h.seq, h.hash
      from call_heads h join o on o.tenant_id = h.tenant_id and o.call_id = h.call_id
      order by h.call_id
      for no key update of h skip locked
    ), swapped as (
      update calls c
      set status = 'dialing', reason_code = null, reason_message = null, fence = o.fence,
        account_sid = o.account_sid, rang_first = o.rang_first, dialing_at = o.at, ended_at = null
      from o join held h
        on h.call_id = o.call_id and h.seq = o.event_seq - 1 and h.hash = o.head_hash
      where c.tenant_id = o.tenant_id and c.id = o.call_id and c.status = 'queued'
        and c.fence = o.fence - 1
      returning c.id
    ), ours as (
      select o.* from o join swapped s on s.id = o.call_id
    ), moved as (
      update call_heads h
      set seq = ours.event_seq, hash = ours.event_hash, last_type = 'call.status',
        changed_at = clock_timestamp()
      from ours where h.tenant_id = ours.tenant_id and h.call_id = ours.call_id
      returning h.call_id
    ), event as (
      insert into call_events (tenant_id, call_id, seq, id, type, at, data, salt, commit, hash)
      select tenant_id, call_id, event_seq, event_id, 'call.status', event_at, event_data,
        event_salt, event_commit, event_hash
      from ours
    ), token as (
      -- Only for audio that is ours.
      insert into stream_tokens
        (tenant_id, id, token_hash, call_id, phone_id, created_at, expires_at)
      select tenant_id, token_id, token_hash, call_id, phone_id, at, expires_at
      from ours where token_hash is not null
    ), opening as (
      insert into audit_log
        (tenant_id, id, at, actor_kind, actor_id, action, target_kind, target_id, details)
      select tenant_id, audit_id, at, 'service', 'dialer', 'credentials.open', 'phone', phone_id,
        details
      from ours
    ), request as (
      insert into account_requests (account_sid, id, at)
      select account_sid, request_id, clock_timestamp() from ours
    )
    select m.call_id from moved m;
end
$$;

-- Keeps the Sids of calls that went as most do: the attempt still holds it, nothing was heard of it
-- yet, no other call has that Sid, and nobody else is at work on the call. Gives those; of the others
-- nothing is changed. An accepted call also ends the refusals in a row of its phone.
create function bind_sids(batch json) returns table (call_id text)
language plpgsql volatile security definer
set search_path = app, pg_temp
set plan_cache_mode = force_generic_plan set jit = off
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
#variable_conflict use_column
begin
  return query
    with o as materialized (
      select * from json_to_recordset(batch)
        as o (tenant_id text, call_id text, fence integer, sid text, at timestamptz)
    ), held as materialized (
      select h.call_id
      from call_heads h join o on o.tenant_id = h.tenant_id and o.call_id = h.call_id
      order by h.call_id
      for no key update of h skip locked
    ), placed as (
      update calls c
      set sid = o.sid, dialed_at = coalesce(c.dialed_at, o.at), heard_at = o.at
      from o join held h on h.call_id = o.call_id
      where c.tenant_id = o.tenant_id and c.id = o.call_id and c.fence = o.fence
        and c.sid is null
        and not exists (
          select from calls other where other.tenant_id = o.tenant_id and other.sid = o.sid)
      returning c.id, c.tenant_id, c.phone_id
    ), accepted as (
      update phones p set auth_failures = 0
      from (
        -- Locked in one order, too: other calls of these phones are in another.
        select refused.tenant_id, refused.id
        from phones refused join placed
          on refused.tenant_id = placed.tenant_id and refused.id = placed.phone_id
        where refused.auth_failures <> 0
        order by refused.id
        for no key update of refused
      ) refused
      where p.tenant_id = refused.tenant_id and p.id = refused.id
    )
    select placed.id from placed;
end
$$;

-- Who may do what -----------------------------------------------------------------------------

revoke all on all functions in schema batch from public;
do $$
declare
  asker record;
begin
  for asker in
    select rolname from pg_roles where rolname in ('callwire_gateway', 'callwire_dialer')
  loop
    execute format('revoke all on schema batch from %I', asker.rolname);
  end loop;
end
$$;
grant usage on schema batch to callwire_gateway, callwire_dialer;
grant execute on function place_calls(json, bigint) to callwire_gateway;
grant execute on function begin_dials(json), bind_sids(json) to callwire_dialer;
