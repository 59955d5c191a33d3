-- The life of keys: which key each sealed text names, and what the install knows about its keys.
-- Run as callwire_owner with search_path app.

-- Which key a sealed text names, beside the text, so that rows can be counted and found by key by
-- somebody who may not read what is sealed. Null where the text names none: `cw1e` lies under the
-- key of its call, and idempotency fingerprints were once no sealed text. A key id ends within the
-- first 38 characters; the rest of a long body need not be looked at.

alter table phone_credentials
  add column kid text generated always as (
    substring(left(enc_api_key, 38) from '^cw1c\.([a-z0-9][a-z0-9-]{0,31})\.')) stored,
  -- Both were sealed at once. Somebody who mixes two versions of a row is found out here already.
  add constraint phone_credentials_one_key check (
    kid is not distinct from
    substring(left(enc_api_token, 38) from '^cw1c\.([a-z0-9][a-z0-9-]{0,31})\.'));
create index phone_credentials_kid on phone_credentials (kid, tenant_id, phone_id);

alter table calls
  add column person_kid text generated always as (
    substring(left(person_sealed, 38) from '^cw1d\.([a-z0-9][a-z0-9-]{0,31})\.')) stored,
  add column metadata_kid text generated always as (
    substring(left(metadata_sealed, 38) from '^cw1d\.([a-z0-9][a-z0-9-]{0,31})\.')) stored,
  add column recording_url_kid text generated always as (
    substring(left(recording_url_sealed, 38) from '^cw1d\.([a-z0-9][a-z0-9-]{0,31})\.')) stored;
create index calls_person_kid on calls (person_kid, tenant_id, id);
create index calls_metadata_kid on calls (metadata_kid, tenant_id, id)
  where metadata_kid is not null;
create index calls_recording_url_kid on calls (recording_url_kid, tenant_id, id)
  where recording_url_kid is not null;

alter table call_keys
  add column kid text generated always as (
    substring(left(wrapped, 38) from '^cw1k\.([a-z0-9][a-z0-9-]{0,31})\.')) stored;
create index call_keys_kid on call_keys (kid, tenant_id, call_id);

alter table callback_inbox
  add column kid text generated always as (
    substring(left(body_sealed, 38) from '^cw1d\.([a-z0-9][a-z0-9-]{0,31})\.')) stored;
create index callback_inbox_kid on callback_inbox (kid, tenant_id, id);

alter table idempotency_keys
  add column kid text generated always as (
    substring(left(fingerprint, 38) from '^cw1d\.([a-z0-9][a-z0-9-]{0,31})\.')) stored;
create index idempotency_keys_kid on idempotency_keys (kid, tenant_id, call_id)
  where kid is not null;
-- A call is the answer of one request, and re-sealing finds the row by its call.
create unique index idempotency_keys_of_call on idempotency_keys (tenant_id, call_id);

-- What follows belongs to the whole install and to no tenant: key ids and counters, nothing else.

-- Which keys were introduced, and which of them seals. No row at all: each ring's first key seals.
create table key_state (
  kid text primary key check (kid ~ '^[a-z0-9][a-z0-9-]{0,31}$'),
  introduced_at timestamptz(3) not null default now(),
  promoted_at timestamptz(3),
  retired_at timestamptz(3),
  is_primary boolean not null default false,
  constraint key_state_retired check (retired_at is null or not is_primary)
);
create unique index key_state_one_primary on key_state (is_primary) where is_primary;

-- A public check value per key of a ring, from whoever showed it first: two different keys never
-- pass under one id.
create table key_checks (
  ring text not null check (char_length(ring) between 1 and 64),
  kid text not null check (kid ~ '^[a-z0-9][a-z0-9-]{0,31}$'),
  check_value text not null check (check_value ~ '^[0-9a-f]{16}$'),
  primary key (ring, kid)
);

-- Which process holds which keys, as of its last beat.
create table key_holders (
  instance text primary key check (char_length(instance) between 1 and 200),
  service text not null check (char_length(service) between 1 and 64),
  kids text[] not null,
  primary_kid text not null,
  started_at timestamptz(3) not null default now(),
  beat_at timestamptz(3) not null default now()
);

-- Re-sealing everything to one key, or opening everything to see that it opens.
create table key_jobs (
  id text primary key check (app.is_id('kjb', id)),
  kind text not null check (kind in ('rotate', 'verify')),
  to_kid text not null check (to_kid ~ '^[a-z0-9][a-z0-9-]{0,31}$'),
  state text not null default 'running' check (state in ('running', 'paused', 'done')),
  total integer not null check (total >= 0),
  done integer not null default 0 check (done >= 0),
  failed integer not null default 0 check (failed >= 0),
  failed_rows jsonb not null default '[]'
    check (jsonb_typeof(failed_rows) = 'array' and jsonb_array_length(failed_rows) <= 100),
  place text check (place in ('phone_credentials', 'calls.person', 'calls.metadata',
    'calls.recording_url', 'call_keys', 'callback_inbox', 'idempotency_keys')),
  after_tenant text,
  after_id text,
  owner text check (owner <> ''),
  beat_at timestamptz(3),
  busy_ms bigint not null default 0 check (busy_ms >= 0),
  started_at timestamptz(3) not null default now(),
  finished_at timestamptz(3),
  constraint key_jobs_finished check ((state = 'done') = (finished_at is not null))
);
create unique index key_jobs_one_open on key_jobs ((state <> 'done')) where state <> 'done';
create index key_jobs_last on key_jobs (kind, started_at);
